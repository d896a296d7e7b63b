import type { Percentiles } from '@switchyard/contracts';

/**
 * `outage`: at least one failure and more than half of the attempts failed in the last 30 s (spec 3.2). `half_open`: an
 * ejection has run out and one request may try it.
 */
export type ConditionState = 'healthy' | 'outage' | 'half_open' | 'ejected';

/** What routing needs to know of an endpoint now. */
export interface EndpointCondition {
  readonly state: ConditionState;
  /** Median time to first token over 5 minutes, milliseconds; null without data. */
  readonly latencyMs: number | null;
  /** Median output tokens per second over 5 minutes; null without data. */
  readonly throughput: number | null;
  /** The same over the same 5 minutes, for `preferred_max_latency` and `preferred_min_throughput` by percentile; null without data. */
  readonly latencyPercentilesMs: Percentiles | null;
  readonly throughputPercentiles: Percentiles | null;
  /** Share of answers with tool calls that had one which cannot be run, 0 to 1; null while too few are known (spec 3.5). */
  readonly toolErrorRate: number | null;
}

/** What routing sees of the health of endpoints. */
export interface HealthView {
  /** `nowMs` is in the clock of the store (monotonic). Unknown endpoints are healthy and without data. */
  conditionOf(endpointId: string, nowMs: number): EndpointCondition;
}

export const UNKNOWN_CONDITION: EndpointCondition = {
  state: 'healthy',
  latencyMs: null,
  throughput: null,
  latencyPercentilesMs: null,
  throughputPercentiles: null,
  toolErrorRate: null,
};
