import type { CatalogueEndpoint, Percentiles } from '@switchyard/contracts';
import { stopsBillingOnAbort } from '@switchyard/providers/billing';
import type { Hedge } from './attempt-options.js';
import type { Generation } from './generation.js';

/** Bounds of what an endpoint's own figures say, and what is assumed without any. */
const LEAST_MS = 250;
const MOST_MS = 10_000;
const MOST_REASONING_MS = 60_000;
const UNKNOWN_MS = 5_000;
const UNKNOWN_REASONING_MS = 20_000;

/**
 * How long an endpoint may take to its first token before another is asked beside it: the 95th percentile of its last five minutes,
 * between the two that are kept. Null: never.
 */
export function hedgeDelayMs(
  hedge: Hedge,
  { reasoning }: Pick<CatalogueEndpoint, 'reasoning'>,
  latencyMs: Percentiles | null,
): number | null {
  if (hedge.when === 'never') return null;
  if (hedge.when === 'after') return hedge.ms;
  if (!latencyMs) return reasoning ? UNKNOWN_REASONING_MS : UNKNOWN_MS;
  const { p90, p99 } = latencyMs;
  const p95 = p90 + ((p99 - p90) * 5) / 9;
  return Math.min(Math.max(p95, LEAST_MS), reasoning ? MOST_REASONING_MS : MOST_MS);
}

/**
 * Whether a request may be asked twice at all: nothing happens in the world by it (a job that makes something, a provider's own tool),
 * only a stream tells early that it lives, and money in steps follows one meter.
 */
export const mayHedge = ({ request, job, steps }: Pick<Generation, 'request' | 'job' | 'steps'>): boolean =>
  request.stream &&
  job === undefined &&
  steps === null &&
  request.webSearchOptions === undefined &&
  request.webPlugin === undefined;

/** Whichever of the two loses is closed, so its bill must stop there. */
export const mayLose = ({ provider }: Pick<CatalogueEndpoint, 'provider'>): boolean => stopsBillingOnAbort(provider);
