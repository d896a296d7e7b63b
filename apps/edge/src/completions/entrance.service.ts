import { Injectable } from '@nestjs/common';
import type { DialectId } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { runWithRequestId, withSpan } from '@switchyard/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { EdgeConfig } from '../config.js';
import { cacheWishOf } from '../response-cache/cache-wish.js';
import { newGenerationId } from '../generations/generation-id.js';
import { claimOf } from '../idempotency/claim.js';
import { attemptOptionsOf } from './attempt-options.js';
import { StoredResponses } from '../stored-responses/stored-responses.service.js';
import type { Continued } from '../stored-responses/stored-responses.service.js';
import { ClientConnection } from './client-connection.js';
import { clientFactsOf } from './client-facts.js';
import { clientHeadersOf } from './client-headers.js';
import { CompletionsService } from './completions.service.js';
import { eventStream } from './framing.js';
import type { Framing } from './framing.js';
import { holdModeOf } from './hold-mode.js';
import { asksMetadata } from './metadata-asked.js';
import { isStrict } from './strict.js';

/** A request as its route understood it. */
export interface Incoming {
  readonly dialect: DialectId;
  readonly body: unknown;
  /** How its client wants a stream; server-sent events when absent. */
  readonly framing?: Framing;
}

/** Where requests of every dialect become generations: with an id, a span and a connection for the answer. */
@Injectable()
export class Entrance {
  constructor(
    private readonly completions: CompletionsService,
    private readonly stored: StoredResponses,
    private readonly config: EdgeConfig,
  ) {}

  /** @throws GatewayError as long as nothing was sent. */
  async enter({ dialect, body, framing }: Incoming, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const startedMs = performance.now();
    const id = newGenerationId(Date.now());
    const caller = callerOf(request);
    const input = {
      id,
      caller,
      dialect,
      holdMode: holdModeOf(request.headers, this.config.DEFAULT_HOLD),
      strict: isStrict(request.headers),
      tellsRouting: asksMetadata(request.headers),
      options: attemptOptionsOf(request.headers, this.config),
      facts: clientFactsOf(request),
      clientHeaders: clientHeadersOf(request),
      claim: claimOf(request, id),
      startedMs,
    };
    const client = new ClientConnection(reply, {
      generationId: id,
      framing: framing ?? eventStream(dialectOf(dialect).keepAlive),
      keepAliveMs: this.config.KEEP_ALIVE_MS,
      slowClientMs: this.config.SLOW_CLIENT_MS,
    });
    const kept = await this.kept({ dialect, body }, caller);
    if (kept.tape) client.record(kept.tape);
    // What is stored as a response of its own is nobody else's answer.
    const cache = kept.stateful ? null : cacheWishOf(request.headers, caller.key);
    const known = { ...input, body: kept.body, onAnswer: kept.onAnswer, cache };
    const attributes = () => ({
      'gen_ai.operation.name': 'chat',
      'switchyard.generation.id': id,
      'switchyard.dialect': dialect,
    });
    await runWithRequestId(id, () =>
      withSpan('generation', attributes, (span) => this.completions.create({ ...known, span }, client), 'server'),
    );
  }

  /** Only one format has conversations that are stored. */
  private kept({ dialect, body }: Incoming, { key }: Caller): Continued | Promise<Continued> {
    return dialect === 'openai-responses' ? this.stored.continue(key, body) : { body, stateful: false, tape: null };
  }
}
