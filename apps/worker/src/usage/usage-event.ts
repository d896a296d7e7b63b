import { ceilToNanos, INPUT_BUCKETS, OUTPUT_BUCKETS } from '@switchyard/contracts';
import type { AttemptCall, Usage, UsageEvent } from '@switchyard/contracts';
import { chargeNanos } from '@switchyard/pricing';
import type { Cost } from '@switchyard/pricing';
import type { Billing, LaneSummary } from '@switchyard/protocols';
import type { Timing } from '../attempts/timing.js';

export interface UsageFacts {
  readonly call: AttemptCall;
  readonly outcome: UsageEvent['outcome'];
  readonly usage: Usage;
  readonly cost: Cost;
  readonly summary: LaneSummary;
  readonly cancelled: boolean;
  readonly timing: Timing;
}

/** What the generation used and what that costs at the price that was pinned when it was admitted. */
export function usageEventOf({ call, outcome, usage, cost, summary, cancelled, timing }: UsageFacts): UsageEvent {
  const { endpoint, admittedAtMs } = call;
  return {
    generationId: call.generationId,
    leaseId: call.leaseId,
    accountId: call.accountId,
    keyId: call.keyId,
    edgeId: call.edgeId,
    edgeEpoch: call.edgeEpoch,
    provider: endpoint.provider,
    endpointId: endpoint.id,
    model: endpoint.modelId,
    upstreamModel: endpoint.upstreamModel,
    outcome,
    usage,
    price: endpoint.price,
    admittedAtMs,
    costPicos: cost.picos,
    costNanos: cost.nanos,
    boundNanos: call.boundNanos,
    ticket: call.ticket,
    ownKey: call.ownKey,
    finishReason: summary.finishReason,
    nativeFinishReason: summary.nativeFinishReason,
    upstreamId: summary.upstreamId,
    cancelled,
    streamed: call.stream,
    headersMs: timing.headersMs,
    firstTokenMs: timing.firstTokenMs,
    totalMs: timing.elapsed(),
    witness: 'worker',
  };
}

/** What goes in by the piece is part of the prompt as well, and what comes out of the answer. */
const PROMPT_BUCKETS = [...INPUT_BUCKETS, 'inputImages', 'inputCharacters', 'inputSeconds'] as const;
const ANSWER_BUCKETS = [...OUTPUT_BUCKETS, 'outputImages'] as const;

/**
 * The cost as the client sees it: what the ledger will charge for this call, and the list price. The parts of the latter are
 * rounded so that they never sum to more than the whole.
 */
export function billingOf(usage: Usage, cost: Cost, call: Pick<AttemptCall, 'ownKey' | 'boundNanos'>): Billing {
  const sum = (buckets: readonly string[]) =>
    buckets.reduce((total, bucket) => total + (cost.buckets[bucket] ?? 0n), 0n);
  const prompt = sum(PROMPT_BUCKETS);
  const promptCostNanos = ceilToNanos(prompt);
  return {
    usage,
    costNanos: chargeNanos(cost.picos, call),
    listCostNanos: cost.nanos,
    promptCostNanos,
    completionCostNanos: ceilToNanos(prompt + sum(ANSWER_BUCKETS)) - promptCostNanos,
    isOwnKey: call.ownKey !== null,
  };
}
