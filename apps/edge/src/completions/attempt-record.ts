import type { Attempt, AttemptFailure, AttemptHead, LeftReason, UsageEvent } from '@switchyard/contracts';
import { usageOf } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import type { PlannedAttempt } from './attempt-plan.js';
import { promptTokensIn } from './edge-usage.js';
import type { Generation } from './generation.js';

/** An attempt as it starts: a failure until it turns out otherwise. */
export const beginAttempt = ({ number, candidate, reason }: PlannedAttempt, startedAtMs: number): Attempt => ({
  number,
  endpointId: candidate.endpoint.id,
  provider: candidate.endpoint.provider,
  providerName: candidate.endpoint.providerName,
  model: candidate.model.id,
  reason,
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
  attempt.costNanos = usage.costNanos;
  attempt.payer = usage.outcome === 'insured' || usage.outcome === 'void' ? 'house' : 'customer';
}

export function noteFailure(attempt: Attempt, failure: AttemptFailure): void {
  attempt.outcome = failure.code === 'client_closed_request' || failure.code === 'slow_client' ? 'cancelled' : 'failed';
  attempt.errorCode = failure.code;
  attempt.status = failure.upstreamStatus ?? attempt.status;
  attempt.payer = 'house';
  if (failure.usage) noteUsage(attempt, failure.usage);
}

/** What came after it, or why nothing did. */
export function noteLeft(attempt: Attempt, left: LeftReason): void {
  attempt.left = left;
}

/** Another attempt spoke first. What this one cost until then is the house's: its prompt, as far as anybody can tell. */
export function noteSuperseded(
  generation: Pick<Generation, 'attempts' | 'promptBytes' | 'admittedAtMs'>,
  { number, candidate }: PlannedAttempt,
): void {
  const attempt = generation.attempts.find((row) => row.number === number);
  if (!attempt) return;
  attempt.outcome = 'cancelled';
  attempt.left = 'superseded';
  attempt.totalMs = Date.now() - attempt.startedAtMs;
  const usage = usageOf({ source: 'estimated', inputTokens: promptTokensIn(generation), outputTokens: 0, requests: 1 });
  attempt.costNanos = costOf(usage, candidate.endpoint.price, generation.admittedAtMs).nanos;
  attempt.payer = 'house';
}
