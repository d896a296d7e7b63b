import { Injectable, Logger } from '@nestjs/common';
import { SUPERSEDED, StreamClient, StreamFailure } from '@switchyard/bus';
import type { UpstreamStream } from '@switchyard/bus';
import { AttemptHead, ERRORS, operationOf } from '@switchyard/contracts';
import type { Attempt, AttemptFailure, ErrorCode } from '@switchyard/contracts';
import { withSpan } from '@switchyard/telemetry';
import { EdgeConfig } from '../config.js';
import type { Lease } from '../credit/lease.js';
import { HealthStore } from '../health/health.store.js';
import { EdgeProcess } from '../process/edge-process.js';
import { TicketOffice } from '../process/ticket-office.service.js';
import { attemptCall } from './attempt-call.js';
import type { PlannedAttempt } from './attempt-plan.js';
import { beginAttempt, noteFailure, noteHead } from './attempt-record.js';
import { reasonOf } from './client-connection.js';
import type { Generation } from './generation.js';
import { healthOutcome } from './health-outcome.js';
import { watchMeter } from './meter-watch.js';
import { unreadable } from './reasoning-affinity.js';

/** An attempt that has spoken. */
export interface Spoken<T> {
  readonly planned: PlannedAttempt;
  readonly attempt: Attempt;
  readonly stream: UpstreamStream;
  readonly head: AttemptHead;
  /** What was read of it: the first bytes of a stream, or a whole answer. */
  readonly read: T;
}

/** An attempt that did not, and why. */
export interface Silent {
  readonly planned: PlannedAttempt;
  readonly attempt: Attempt;
  readonly cause: StreamFailure;
}

/** What an attempt is made for. */
export interface Asking<T> {
  readonly generation: Generation;
  readonly lease: Lease;
  readonly body: Uint8Array;
  /** Aborted when the client is gone, or with `superseded` when another attempt has spoken. */
  readonly signal: AbortSignal;
  /** Reads what proves that it speaks. */
  readonly read: (stream: UpstreamStream) => Promise<T>;
}

/** Calls one worker for one attempt, and keeps its row of the record. */
@Injectable()
export class AttemptCaller {
  private readonly logger = new Logger(AttemptCaller.name);

  constructor(
    private readonly streams: StreamClient,
    private readonly health: HealthStore,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
    private readonly tickets: TicketOffice,
  ) {}

  /** Never throws for what workers, providers and clients do. */
  call<T>(asking: Asking<T>, planned: PlannedAttempt): Promise<Spoken<T> | Silent> {
    const { endpoint, model } = planned.candidate;
    const { job } = asking.generation;
    const attributes = () => ({
      'gen_ai.operation.name': operationOf(job),
      ...(job && { 'switchyard.job': job }),
      'gen_ai.provider.name': endpoint.provider,
      'gen_ai.request.model': model.id,
      'switchyard.endpoint': endpoint.id,
      'switchyard.attempt': planned.number,
    });
    return withSpan('attempt', attributes, async (span) => {
      try {
        const tried = await this.open(asking, planned);
        if ('cause' in tried) span.setAttribute('error.type', tried.cause.failure.code);
        return tried;
      } finally {
        planned.slot?.release();
      }
    });
  }

  private async open<T>(asking: Asking<T>, planned: PlannedAttempt): Promise<Spoken<T> | Silent> {
    const { generation, lease, signal, body } = asking;
    const { endpoint } = planned.candidate;
    const startedMs = this.edge.clock();
    const attempt = beginAttempt(planned, Date.now());
    const stripped = unreadable(generation.stay?.sealed ?? [], endpoint);
    if (stripped > 0) attempt.strippedReasoning = stripped;
    generation.attempts.push(attempt);
    let stream: UpstreamStream | null = null;
    try {
      const sender = { edge: this.edge, config: this.config, tickets: this.tickets };
      const meta = attemptCall(generation, planned, lease, sender);
      stream = await this.streams.open({ provider: endpoint.provider, meta, body, signal });
      const onFault = (error: unknown) => this.logger.error(error);
      watchMeter(stream, { generation, planned, lease, tickets: this.tickets, onFault });
      const head = AttemptHead.parse(stream.head);
      noteHead(attempt, head);
      return { planned, attempt, stream, head, read: await asking.read(stream) };
    } catch (error) {
      const cause = await failureOf(error, stream, signal);
      // Its row was closed when the other one spoke.
      if (signal.reason === SUPERSEDED) return { planned, attempt, cause };
      attempt.totalMs = this.edge.clock() - startedMs;
      noteFailure(attempt, cause.failure);
      this.observe(endpoint.id, cause.failure);
      return { planned, attempt, cause };
    }
  }

  private observe(endpointId: string, failure: AttemptFailure): void {
    const { retryAfterMs } = failure;
    this.health.observe(endpointId, healthOutcome(failure), {
      code: failure.code,
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }
}

/**
 * Every way in which an attempt can end without speaking. A stream that the client's leaving cut off is waited for: the worker
 * says last what it used. What is no failure of a stream breaks the contract, and the worker must not go on for it.
 */
async function failureOf(error: unknown, stream: UpstreamStream | null, signal: AbortSignal): Promise<StreamFailure> {
  if (!stream) {
    if (error instanceof StreamFailure) return error;
    throw error;
  }
  if (signal.reason === SUPERSEDED) return new StreamFailure(CUT_FAILURE, await stream.cancel(SUPERSEDED));
  if (signal.aborted) return new StreamFailure(CUT_FAILURE, await stream.cancel(reasonOf(signal)));
  if (error instanceof StreamFailure) return error;
  await stream.cancel('protocol_error');
  return new StreamFailure(PROTOCOL_FAILURE);
}

const PROTOCOL_FAILURE = failureWith('stream_lost');
const CUT_FAILURE = failureWith('client_closed_request');

function failureWith(code: ErrorCode): AttemptFailure {
  const { message, retryable } = ERRORS[code];
  const silent = { upstreamStatus: null, retryAfterMs: null, raw: null, providerCode: null, usage: null };
  return { code, message, retryable, phase: 'stream', ...silent };
}
