import { Injectable, Logger } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GatewayError, ResolveKey, digestApiKey, pepperKey } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { EdgeConfig } from '../config.js';
import { EdgeProcess } from '../process/edge-process.js';
import { KeyCache, activeKey } from './key-cache.js';
import type { CachedAnswer, Resolution } from './key-cache.js';
import { MissLimiter } from './miss-limiter.js';

const RESOLVE_TIMEOUT_MS = 2_000;
/** Questions to auth that may be under way at once; beyond it unknown keys are told to come back. */
const MAX_QUESTIONS = 2_048;

interface Question {
  readonly answer: Promise<Resolution>;
  /** The key changed while the question was under way: the answer may be older than the change. */
  outdated: boolean;
}

/** Turns the secret of a request into its key: from memory, else with one question to auth, however many requests wait for it. */
@Injectable()
export class KeyResolver {
  private readonly logger = new Logger(KeyResolver.name);
  private readonly pepper: ReturnType<typeof pepperKey>;
  private readonly cache: KeyCache;
  private readonly misses: MissLimiter;
  private readonly questions = new Map<string, Question>();

  constructor(
    private readonly rpc: RpcClient,
    config: EdgeConfig,
    edge: EdgeProcess,
  ) {
    this.pepper = pepperKey(config.KEY_PEPPER);
    this.cache = new KeyCache(edge.clock);
    this.misses = new MissLimiter(edge.clock, {
      perSecond: config.KEY_MISSES_PER_SECOND,
      burst: config.KEY_MISS_BURST,
    });
  }

  /**
   * At once for a key that is known: nearly every request has one.
   * @param address of the client, for the limit on look-ups
   * @throws GatewayError `unknown_key`, `disabled_key`, `expired_key`, `revoked_key`; `rate_limited`; `service_unavailable`
   */
  resolve(secret: string, address: string): ApiKey | Promise<ApiKey> {
    const digest = digestApiKey(secret, this.pepper);
    const known = this.cache.find(digest);
    return known?.fresh ? activeKey(known.resolution, Date.now()) : this.resolveAnew(digest, known, address);
  }

  private async resolveAnew(digest: string, known: CachedAnswer | null, address: string): Promise<ApiKey> {
    // Only what becomes a question is limited: a new key may be used by hundreds of requests at once.
    if (!known && !this.running(digest)) this.limitMiss(address);
    try {
      return activeKey(await this.ask(digest), Date.now());
    } catch (error) {
      // A key that this edge knows goes on when nobody can be asked: an outage of auth is not a revocation.
      const canGoOn = error instanceof GatewayError && error.code === 'service_unavailable' && known !== null;
      if (!canGoOn || known.resolution.status !== 'active') throw error;
      return activeKey(known.resolution, Date.now());
    }
  }

  /** A key has changed: forget what was known of it, also what is being asked right now. */
  evict(digest: string): void {
    this.cache.evict(digest);
    const question = this.questions.get(digest);
    if (question) question.outdated = true;
  }

  /** Changes may have been missed: ask for every key again before it is used. */
  distrustAll(): void {
    this.cache.distrustAll();
    for (const question of this.questions.values()) question.outdated = true;
  }

  private limitMiss(address: string): void {
    const retryAfterMs = this.misses.take(address);
    if (retryAfterMs > 0)
      throw new GatewayError('rate_limited', { message: 'Too many requests with unknown API keys.', retryAfterMs });
  }

  /** The question about a key that is under way, unless the key changed since. */
  private running(digest: string): Question | null {
    const question = this.questions.get(digest);
    return question && !question.outdated ? question : null;
  }

  private ask(digest: string): Promise<Resolution> {
    const running = this.running(digest);
    if (running) return running.answer;
    if (this.questions.size >= MAX_QUESTIONS) throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
    const question: Question = { answer: this.askAuth(digest, () => question), outdated: false };
    this.questions.set(digest, question);
    return question.answer;
  }

  private async askAuth(digest: string, self: () => Question): Promise<Resolution> {
    try {
      const resolution = await this.rpc.call(ResolveKey, { digest }, { timeoutMs: RESOLVE_TIMEOUT_MS });
      if (!self().outdated) this.cache.put(digest, resolution);
      return resolution;
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === 'service_unavailable'))
        this.logger.error('a key could not be resolved', error instanceof Error ? error.stack : undefined);
      // Whatever is wrong with auth says nothing about the key: never 401.
      throw new GatewayError('service_unavailable', { cause: error, retryAfterMs: 1_000 });
    } finally {
      if (this.questions.get(digest) === self()) this.questions.delete(digest);
    }
  }
}
