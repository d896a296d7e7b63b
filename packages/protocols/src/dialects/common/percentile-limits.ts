import type { PercentileLimits } from '@switchyard/contracts';
import { z } from 'zod';
import { optional, present } from './schema-helpers.js';

const MS_PER_SECOND = 1_000;

const limit = z.number().min(0);

/**
 * `preferred_min_throughput` and `preferred_max_latency` (spec 2.4): a number, which is the median, or limits by percentile. Closed:
 * a limit on a percentile that is not measured would be none.
 */
export const percentileLimits = z.union(
  [limit, z.strictObject({ p50: optional(limit), p75: optional(limit), p90: optional(limit), p99: optional(limit) })],
  'expected a number from 0, or an object of p50, p75, p90 and p99',
);

type Sent = z.output<typeof percentileLimits> | null | undefined;

/** Undefined where nothing is limited. */
export function limitsOf(sent: Sent, unit = 1): PercentileLimits | undefined {
  if (sent === null || sent === undefined) return undefined;
  const limits = present(typeof sent === 'number' ? { p50: sent } : sent) as Record<string, number>;
  const scaled = Object.entries(limits).map(([name, value]) => [name, value * unit]);
  return scaled.length > 0 ? (Object.fromEntries(scaled) as PercentileLimits) : undefined;
}

/** Latency is told in seconds here, and measured in milliseconds. */
export const millisecondLimitsOf = (sent: Sent): PercentileLimits | undefined => limitsOf(sent, MS_PER_SECOND);
