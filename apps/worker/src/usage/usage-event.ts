import { ceilToNanos, UsageEvent } from '@switchyard/contracts';
import type { AttemptCall, Usage } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import type { Cost } from '@switchyard/pricing';
import type { Billing, LaneSummary } from '@switchyard/protocols';
import type { Timing } from '../attempts/timing.js';

export interface UsageFacts {
  readonly call: AttemptCall;
  readonly outcome: UsageEvent['outcome'];
  readonly usage: Usage;
  readonly summary: LaneSummary;
  readonly cancelled: boolean;
  readonly timing: Timing;
}

/** What the generation used and what that costs at the price that was pinned when it was admitted. */
export function usageEventOf({ call, outcome, usage, summary, cancelled, timing }: UsageFacts): UsageEvent {
  const { endpoint, admittedAtMs } = call;
  const cost = costOf(usage, endpoint.price, admittedAtMs);
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

const INPUT = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'imageInputTokens',
  'videoInputTokens',
] as const;
const OUTPUT = ['outputTokens', 'reasoningTokens', 'audioOutputTokens', 'imageOutputTokens'] as const;

/** The cost as the client sees it. The parts are rounded so that they never sum to more than the whole. */
export function billingOf(usage: Usage, cost: Cost): Billing {
  const sum = (buckets: readonly string[]) =>
    buckets.reduce((total, bucket) => total + (cost.buckets[bucket] ?? 0n), 0n);
  const promptCostNanos = ceilToNanos(sum(INPUT));
  const completionCostNanos = ceilToNanos(sum(INPUT) + sum(OUTPUT)) - promptCostNanos;
  return { usage, costNanos: cost.nanos, promptCostNanos, completionCostNanos };
}
