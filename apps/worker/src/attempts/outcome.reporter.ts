import { Injectable } from '@nestjs/common';
import { EventPublisher, StreamStrategy } from '@switchyard/bus';
import { AttemptFinished, completionTokens, ERRORS } from '@switchyard/contracts';
import type { AttemptCall, AttemptOutcome, ErrorCode, ToolCallVerdict, Usage } from '@switchyard/contracts';
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

/** Tells how attempts went: what health and routing learn from. */
@Injectable()
export class OutcomeReporter {
  private told = 0;

  constructor(
    private readonly events: EventPublisher,
    private readonly strategy: StreamStrategy,
  ) {}

  report(attempt: FinishedAttempt): void {
    const { endpoint } = attempt.call;
    const origin = { worker: this.strategy.workerId, number: (this.told += 1) };
    this.events.publish(AttemptFinished, { ...outcomeOf(attempt), origin }, { suffix: endpoint.provider });
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
