import type { SortKey } from '@switchyard/contracts';
import { byCondition, place } from './place.js';
import type { Contender, Placed } from './place.js';

/** Ascending is better; null is no data. */
const METRICS: Readonly<Record<SortKey, (contender: Contender) => number | null>> = {
  price: ({ prepared }) => prepared.blendedPrice,
  latency: ({ condition }) => condition.latencyMs,
  exacto: ({ condition }) => condition.toolErrorRate,
  throughput: ({ condition }) => (condition.throughput === null ? null : -condition.throughput),
};

/**
 * The order of `sort`, `:nitro` and `:floor` (spec 3.3): by the metric, endpoints without data last, equal ones by price. An
 * outage of the last 30 s and an ejection still go to the back: a metric says nothing about an endpoint that does not answer.
 * @param contenders in ascending order of price
 */
export function sortedOrder(contenders: readonly Contender[], sort: SortKey): Placed[] {
  const metric = METRICS[sort];
  const sorted = contenders.toSorted((left, right) => (metric(left) ?? Infinity) - (metric(right) ?? Infinity) || 0);
  const { stable, outage, ejected } = byCondition(sorted);
  return [...stable.map(place(`sort_${sort}`)), ...outage.map(place('outage')), ...ejected.map(place('ejected'))];
}
