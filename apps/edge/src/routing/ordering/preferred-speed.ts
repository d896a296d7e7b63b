import type { PercentileLimits, Percentiles, ProviderPreferences } from '@switchyard/contracts';
import type { EndpointCondition } from '../../health/endpoint-condition.js';
import { concatenated, isDown } from './place.js';
import type { Placed } from './place.js';

const PERCENTILES = ['p50', 'p75', 'p90', 'p99'] as const;

/**
 * `preferred_min_throughput` and `preferred_max_latency` (spec 2.4): endpoints that miss a limit move behind all that hold every one,
 * over all models, and nobody is left out. Who was not measured in the last 5 minutes misses nothing: else it would never be.
 * @param placed the whole order of attempts
 */
export function bySpeed(
  placed: readonly Placed[],
  { preferredMinThroughput: least, preferredMaxLatencyMs: most }: ProviderPreferences,
  conditionOf: (placed: Placed) => EndpointCondition,
): readonly Placed[] {
  if (!least && !most) return placed;
  const fast: Placed[] = [];
  const slow: Placed[] = [];
  for (const one of placed) {
    const { latencyPercentilesMs, throughputPercentiles } = conditionOf(one);
    const holds =
      all(least, throughputPercentiles, (measured, limit) => measured >= limit) &&
      all(most, latencyPercentilesMs, (measured, limit) => measured <= limit);
    if (holds) fast.push(one);
    else slow.push(isDown(one) ? one : { ...one, reason: 'slow' });
  }
  return slow.length === 0 ? placed : concatenated(fast, slow);
}

const all = (
  limits: PercentileLimits | undefined,
  measured: Percentiles | null,
  holds: (measured: number, limit: number) => boolean,
): boolean =>
  measured === null || PERCENTILES.every((name) => limits?.[name] === undefined || holds(measured[name], limits[name]));
