import { Inject, Injectable } from '@nestjs/common';
import { EventPublisher, StreamStrategy } from '@switchyard/bus';
import { AttemptsFinished, completionTokens, ERRORS, MAX_OUTCOMES_TOLD } from '@switchyard/contracts';
import type { AttemptCall, AttemptOutcome, ErrorCode, ToolCallVerdict, Usage } from '@switchyard/contracts';
import { WORKER_CONFIG } from '../config.js';
import type { WorkerConfig } from '../config.js';
import type { Timing } from './timing.js';

export interface FinishedAttempt {
  readonly call: AttemptCall;
  readonly timing: Timing;
  readonly usage: Usage | null;
  readonly errorCode: ErrorCode | null;
  readonly cancelled: boolean;
  /** Of an answer that finished with tool calls; null for others. */
  readonly toolCalls: ToolCallVerdict | null;
}

/** Words of the error list that say something about the provider and not about the request. */
const PROVIDER_FAULTS: ReadonlySet<string> = new Set([
  'provider_unavailable',
  'provider_overloaded',
  'timeout',
  'rate_limit_exceeded',
]);

/** Health is judged by the second, so an outcome may wait that long for others. */
const GATHER_MS = 100;

/** Tells how attempts went: what health and routing learn from. The attempts of a moment go in one message. */
@Injectable()
export class OutcomeReporter {
  private told = 0;
  private waiting: AttemptOutcome[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly events: EventPublisher,
    private readonly strategy: StreamStrategy,
    @Inject(WORKER_CONFIG) private readonly config: Pick<WorkerConfig, 'provider'>,
  ) {}

  report(attempt: FinishedAttempt): void {
    const origin = { worker: this.strategy.workerId, number: (this.told += 1) };
    this.waiting.push({ ...outcomeOf(attempt), origin });
    if (this.waiting.length >= MAX_OUTCOMES_TOLD) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Tells at once what waits. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const outcomes = this.waiting.splice(0);
    if (outcomes.length > 0) this.events.publish(AttemptsFinished, { outcomes }, { suffix: this.config.provider.id });
  }
}

/** The pure part of {@link OutcomeReporter.report}. */
export function outcomeOf({ call, timing, usage, errorCode, cancelled, toolCalls }: FinishedAttempt): AttemptOutcome {
  const { headersMs, firstTokenMs } = timing;
  return {
    endpointId: call.endpoint.id,
    modelId: call.endpoint.modelId,
    provider: call.endpoint.provider,
    outcome: verdictOf(errorCode, cancelled),
    errorCode,
    headersMs,
    firstTokenMs,
    tokensPerSecond: call.stream && errorCode === null ? speedOf(usage, firstTokenMs, timing.elapsed()) : null,
    finishedAtMs: Date.now(),
    ...(toolCalls !== null && { toolCalls }),
    ...(call.probe && { probe: true }),
  };
}

function verdictOf(errorCode: ErrorCode | null, cancelled: boolean): AttemptOutcome['outcome'] {
  if (cancelled) return 'cancelled';
  if (errorCode === null) return 'success';
  return PROVIDER_FAULTS.has(ERRORS[errorCode].type) ? 'failure' : 'client_error';
}

function speedOf(usage: Usage | null, firstTokenMs: number | null, totalMs: number): number | null {
  if (!usage || firstTokenMs === null || totalMs <= firstTokenMs) return null;
  return (completionTokens(usage) * 1000) / (totalMs - firstTokenMs);
}
