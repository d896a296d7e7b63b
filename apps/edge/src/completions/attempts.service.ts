import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { StreamClient, StreamFailure } from '@switchyard/bus';
import type { UpstreamStream } from '@switchyard/bus';
import { AttemptHead, ERRORS } from '@switchyard/contracts';
import type { Attempt, AttemptFailure, ErrorCode } from '@switchyard/contracts';
import { sealedReasoning } from '@switchyard/protocols';
import { withSpan } from '@switchyard/telemetry';
import { EdgeConfig } from '../config.js';
import type { Lease } from '../credit/lease.js';
import { HealthStore } from '../health/health.store.js';
import { EdgeProcess } from '../process/edge-process.js';
import { TicketOffice } from '../process/ticket-office.service.js';
import { attemptCall } from './attempt-call.js';
import { AttemptPlan } from './attempt-plan.js';
import type { PlannedAttempt } from './attempt-plan.js';
import { beginAttempt, noteFailure, noteHead } from './attempt-record.js';
import type { FailedAttempt } from './attempts-failed.js';
import { reasonOf } from './client-connection.js';
import type { Generation } from './generation.js';
import { healthOutcome } from './health-outcome.js';
import { watchMeter } from './meter-watch.js';
import { unreadable } from './reasoning-affinity.js';

/** An attempt that has spoken. */
export interface Speaking<T> {
  readonly planned: PlannedAttempt;
  readonly attempt: Attempt;
  readonly stream: UpstreamStream;
  readonly head: AttemptHead;
  /** What was read of it: the first bytes of a stream, or a whole answer. */
  readonly read: T;
}

export interface Search {
  readonly generation: Generation;
  readonly lease: Lease;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Nobody spoke: every try failed, or the client left first. */
export class NobodySpoke extends Error {
  override readonly name = 'NobodySpoke';
  constructor(
    readonly failures: readonly FailedAttempt[],
    /** The end of the last stream that was opened, when it was cut off by the client's leaving. */
    readonly cut: StreamFailure | null,
  ) {
    super('no attempt succeeded');
  }
}

/** Tries candidates until one speaks. Nothing reaches the client from here, so another may always be tried after a failure. */
@Injectable()
export class Attempts {
  private readonly logger = new Logger(Attempts.name);

  constructor(
    private readonly streams: StreamClient,
    private readonly health: HealthStore,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
    private readonly tickets: TicketOffice,
  ) {}

  /**
   * Calls workers one after another and reads of each with `read` what proves that it speaks.
   * @throws NobodySpoke when none does, or the client has gone.
   */
  async firstToSpeak<T>(search: Search, read: (stream: UpstreamStream) => Promise<T>): Promise<Speaking<T>> {
    const budget = { maxAttempts: this.config.MAX_ATTEMPTS, windowMs: this.config.ATTEMPT_WINDOW_MS };
    const plan = new AttemptPlan(search.generation.candidates, budget, this.edge.clock);
    const failures: FailedAttempt[] = [];
    let planned = plan.first();
    while (planned && !search.signal.aborted) {
      if (planned.waitMs > 0) await sleep(planned.waitMs, undefined, { signal: search.signal }).catch(() => undefined);
      if (search.signal.aborted) break;
      const tried = await this.try(search, planned, read);
      if (!('cause' in tried)) return tried;
      const { failure } = tried.cause;
      failures.push({ planned, failure });
      if (search.signal.aborted) throw new NobodySpoke(failures, tried.cause);
      // Its usage is on the books under this generation's id, and one id is billed once: nobody else may serve it.
      planned = failure.usage ? null : plan.after(failure);
    }
    throw new NobodySpoke(failures, null);
  }

  private try<T>(
    search: Search,
    planned: PlannedAttempt,
    read: (stream: UpstreamStream) => Promise<T>,
  ): Promise<Speaking<T> | { readonly cause: StreamFailure }> {
    const { endpoint, model } = planned.candidate;
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': endpoint.provider,
      'gen_ai.request.model': model.id,
      'switchyard.endpoint': endpoint.id,
      'switchyard.attempt': planned.number,
    };
    return withSpan('attempt', attributes, async (span) => {
      const tried = await this.call(search, planned, read);
      if ('cause' in tried) span.setAttribute('error.type', tried.cause.failure.code);
      return tried;
    });
  }

  private async call<T>(
    { generation, lease, signal }: Search,
    planned: PlannedAttempt,
    read: (stream: UpstreamStream) => Promise<T>,
  ): Promise<Speaking<T> | { readonly cause: StreamFailure }> {
    const { endpoint } = planned.candidate;
    const startedMs = this.edge.clock();
    const attempt = beginAttempt(planned, Date.now());
    const stripped = unreadable(sealedReasoning(generation.request), endpoint);
    if (stripped > 0) attempt.strippedReasoning = stripped;
    generation.attempts.push(attempt);
    let stream: UpstreamStream | null = null;
    try {
      const meta = attemptCall(generation, planned, lease, {
        edge: this.edge,
        config: this.config,
        tickets: this.tickets,
      });
      stream = await this.streams.open({ provider: endpoint.provider, meta, body: generation.body, signal });
      watchMeter(stream, {
        generation,
        planned,
        lease,
        tickets: this.tickets,
        onFault: (error) => this.logger.error(error),
      });
      const head = AttemptHead.parse(stream.head);
      noteHead(attempt, head);
      return { planned, attempt, stream, head, read: await read(stream) };
    } catch (error) {
      const cause = await this.failureOf(error, stream, signal);
      attempt.totalMs = this.edge.clock() - startedMs;
      noteFailure(attempt, cause.failure);
      this.observe(endpoint.id, cause.failure);
      return { cause };
    }
  }

  /**
   * Every way in which an attempt can end without speaking. A stream that the client's leaving cut off is waited for: the worker
   * says last what it used. What is no failure of a stream breaks the contract, and the worker must not go on for it.
   */
  private async failureOf(error: unknown, stream: UpstreamStream | null, signal: AbortSignal): Promise<StreamFailure> {
    if (!stream) {
      if (error instanceof StreamFailure) return error;
      throw error;
    }
    if (signal.aborted) return new StreamFailure(CUT_FAILURE, await stream.cancel(reasonOf(signal)));
    if (error instanceof StreamFailure) return error;
    await stream.cancel('protocol_error');
    return new StreamFailure(PROTOCOL_FAILURE);
  }

  private observe(endpointId: string, failure: AttemptFailure): void {
    const { retryAfterMs } = failure;
    this.health.observe(endpointId, healthOutcome(failure.code, failure.retryable), {
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }
}

const PROTOCOL_FAILURE = failureWith('stream_lost');
const CUT_FAILURE = failureWith('client_closed_request');

function failureWith(code: ErrorCode): AttemptFailure {
  const { message, retryable } = ERRORS[code];
  const silent = { upstreamStatus: null, retryAfterMs: null, raw: null, providerCode: null, usage: null };
  return { code, message, retryable, phase: 'stream', ...silent };
}
