import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { ClientHeaders, CompletionRequest, DialectId, JobId } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { AnswerTape } from '../completions/answer-tape.js';
import type { Answer } from '../completions/answer.js';
import type { ClientConnection } from '../completions/client-connection.js';
import type { Generation } from '../completions/generation.js';
import { EdgeConfig } from '../config.js';
import { EdgeProcess } from '../process/edge-process.js';
import { VaultService } from '../vault/vault.service.js';
import type { Place } from '../vault/vault.service.js';
import type { CacheWish } from './cache-wish.js';
import { cacheableAnswer } from './cacheable.js';
import type { CachedAnswer } from './cached-answer.js';
import { decodeAnswer, encodeAnswer } from './cached-answer.js';
import { Flights } from './flights.js';
import type { Land } from './flights.js';

/** A request whose answer may come out of the cache. */
export interface Cacheable {
  readonly wish: CacheWish;
  readonly caller: Caller;
  readonly dialect: DialectId;
  readonly job?: JobId;
  readonly request: CompletionRequest;
  /** The client's JSON, as it was parsed. */
  readonly body: unknown;
  readonly strict: boolean;
  readonly clientHeaders: ClientHeaders;
}

/** Told how the generation ended that was made because the cache had nothing. */
export type OnAnswer = (generation: Generation, answer: Answer) => void;

/** A vault that did not answer is left alone for so long. */
const AWAY_MS = 5_000;

/** Answers of identical requests of one API key (spec 3.10). Whatever goes wrong with the cache is a miss. */
@Injectable()
export class ResponseCache {
  private readonly logger = new Logger(ResponseCache.name);
  private readonly flights = new Flights();
  /** Answers on their way into the vault: whoever asks here meanwhile gets them, too. */
  private readonly saving = new Map<string, CachedAnswer>();
  private awayUntilMs = 0;

  constructor(
    private readonly vault: VaultService,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
  ) {}

  /**
   * Gives what the cache has to `hit`, or has it made with `miss` and keeps it. Without a wish, or where nothing can be kept, it is only made.
   * @throws what `hit` and `miss` throw
   */
  async through(
    asked: Cacheable | null,
    client: ClientConnection,
    hit: (cached: CachedAnswer) => Promise<void>,
    miss: (onAnswer?: OnAnswer) => Promise<void>,
  ): Promise<void> {
    if (!asked || !this.vault.configured) return miss();
    const { wish } = asked;
    const place = this.placeOf(asked);
    const known = wish.clear ? await this.clear(place) : await this.known(place);
    const turn = known ?? (await this.turn(wish, place.address, client.signal));
    if (typeof turn !== 'function') {
      instruments.responseCache.add(1, { outcome: 'hit' });
      client.describe(hitHeaders(turn));
      return hit(turn);
    }
    instruments.responseCache.add(1, { outcome: 'miss' });
    client.describe({ 'x-openrouter-cache-status': 'MISS', 'x-openrouter-cache-ttl': String(wish.ttlSeconds) });
    await this.make({ wish, place, land: turn }, client, miss);
  }

  private async make(
    { wish, place, land }: { readonly wish: CacheWish; readonly place: Place; readonly land: Land },
    client: ClientConnection,
    miss: (onAnswer: OnAnswer) => Promise<void>,
  ): Promise<void> {
    const tape = new AnswerTape(this.config.CACHE_MAX_ENTRY_BYTES);
    client.record(tape);
    const made: CachedAnswer[] = [];
    try {
      await miss((generation, answer) => made.push(...cacheableAnswer(generation, answer, { tape, wish })));
    } finally {
      const [answer = null] = made;
      // The others first: they need not wait until it is stored.
      land(answer);
      if (answer) void this.save(place, answer);
    }
  }

  /** Everything that decides about an answer, and whose it is: two requests that differ in any of it never meet. */
  private placeOf(asked: Cacheable): Place {
    const { key } = asked.caller;
    const tenant = { accountId: key.accountId, kind: 'answer', keyId: key.id } as const;
    const { models, provider, stream } = asked.request;
    const parts = [
      asked.job ?? asked.dialect,
      String(stream),
      String(asked.strict),
      JSON.stringify(asked.clientHeaders),
      JSON.stringify(models),
      JSON.stringify(provider),
      // What the settings of key and workspace make of it.
      JSON.stringify(key.routing ?? null),
      JSON.stringify(asked.body),
    ];
    return { ...tenant, address: this.vault.address(tenant, parts) };
  }

  private async known(place: Place): Promise<CachedAnswer | null> {
    const known = this.saving.get(place.address) ?? (await this.stored(place));
    return known && isFresh(known) ? known : null;
  }

  /**
   * The answer of an identical request that runs, where it is waited for; or the turn of this one. Between looking and leading nothing is
   * waited for, so that of many that are sent on only one leads.
   */
  private async turn(wish: CacheWish, address: string, signal: AbortSignal): Promise<CachedAnswer | Land> {
    if (!wish.coalesce) return this.savingOf(wish, address) ?? this.flights.lead(address);
    const stop = new AbortController();
    const patience = this.config.CACHE_COALESCE_WAIT_MS;
    const over: Promise<typeof OVER> = sleep(patience, undefined, {
      signal: AbortSignal.any([signal, stop.signal]),
      ref: false,
    }).then(
      () => OVER,
      // The client has gone, which is for whoever serves it to notice.
      () => OVER,
    );
    try {
      for (;;) {
        const saving = this.savingOf(wish, address);
        if (saving) return saving;
        const flight = this.flights.of(address);
        const landed = flight ? await Promise.race([flight, over]) : OVER;
        if (landed === OVER) return this.flights.lead(address);
        if (landed) return landed;
      }
    } finally {
      stop.abort();
    }
  }

  /** What landed while the vault was asked. */
  private savingOf({ clear }: CacheWish, address: string): CachedAnswer | null {
    return clear ? null : (this.saving.get(address) ?? null);
  }

  private async stored(place: Place): Promise<CachedAnswer | null> {
    const content = await this.unlessAway(() => this.vault.get(place));
    return content ? decodeAnswer(content) : null;
  }

  private async clear(place: Place): Promise<null> {
    this.saving.delete(place.address);
    await this.unlessAway(() => this.vault.erase(place.accountId, { kind: place.kind, address: place.address }));
    return null;
  }

  private async save(place: Place, answer: CachedAnswer): Promise<void> {
    this.saving.set(place.address, answer);
    const kept = await this.unlessAway(() => this.vault.put(place, encodeAnswer(answer), answer.ttlSeconds));
    if (this.saving.get(place.address) === answer) this.saving.delete(place.address);
    instruments.responseCache.add(1, { outcome: kept ? 'stored' : 'not_stored' });
  }

  /** Null when the vault cannot be had, without asking again for a while. */
  private async unlessAway<Result>(work: () => Promise<Result>): Promise<Result | null> {
    if (this.edge.clock() < this.awayUntilMs) return null;
    try {
      return await work();
    } catch (error) {
      this.awayUntilMs = this.edge.clock() + AWAY_MS;
      this.logger.warn(`the response cache is left alone for a while: ${(error as Error).message}`);
      return null;
    }
  }
}

/** The patience of who waits is over, or there is nobody to wait for. */
const OVER: unique symbol = Symbol('over');

const ageSeconds = ({ madeAtMs }: CachedAnswer): number => Math.max(0, Math.floor((Date.now() - madeAtMs) / 1_000));

/** The vault ends entries by its own clock; this one is for what has not reached it. */
const isFresh = (answer: CachedAnswer): boolean => ageSeconds(answer) < answer.ttlSeconds;

const hitHeaders = (answer: CachedAnswer): Record<string, string> => ({
  ...answer.headers,
  'x-openrouter-cache-status': 'HIT',
  'x-openrouter-cache-age': String(ageSeconds(answer)),
  'x-openrouter-cache-ttl': String(Math.max(0, answer.ttlSeconds - ageSeconds(answer))),
  'x-openrouter-cache-source-id': answer.sourceId,
});
