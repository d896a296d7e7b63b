import type { Attempt, AttemptFailure, AttemptHead, UsageEvent } from '@switchyard/contracts';
import type { PlannedAttempt } from './attempt-plan.js';

/** An attempt as it starts: a failure until it turns out otherwise. */
export const beginAttempt = ({ number, candidate }: PlannedAttempt, startedAtMs: number): Attempt => ({
  number,
  endpointId: candidate.endpoint.id,
  provider: candidate.endpoint.provider,
  providerName: candidate.endpoint.providerName,
  model: candidate.model.id,
  reason: number === 1 ? candidate.reason : 'fallback',
  outcome: 'failed',
  status: null,
  errorCode: null,
  worker: null,
  upstreamId: null,
  startedAtMs,
  headersMs: null,
  firstTokenMs: null,
  totalMs: 0,
});

export function noteHead(attempt: Attempt, head: AttemptHead): void {
  attempt.status = head.upstreamStatus;
  attempt.worker = head.worker;
  attempt.headersMs = head.headersMs;
  attempt.droppedParameters = head.dropped;
}

export function noteUsage(attempt: Attempt, usage: UsageEvent): void {
  attempt.upstreamId = usage.upstreamId;
  attempt.headersMs = usage.headersMs ?? attempt.headersMs;
  attempt.firstTokenMs = usage.firstTokenMs;
}

export function noteFailure(attempt: Attempt, failure: AttemptFailure): void {
  attempt.outcome = failure.code === 'client_closed_request' || failure.code === 'slow_client' ? 'cancelled' : 'failed';
  attempt.errorCode = failure.code;
  attempt.status = failure.upstreamStatus ?? attempt.status;
  if (failure.usage) noteUsage(attempt, failure.usage);
}
