import type { SortKey } from '@switchyard/contracts';
import { byCondition, place } from './place.js';
import type { Contender, Placed } from './place.js';

type Metric = (contender: Contender) => number | null;

const throughput: Metric = ({ condition }) => (condition.throughput === null ? null : -condition.throughput);

/** Ascending is better; null is no data. Of two that are equal in the first the next decides, and at last the price. */
const METRICS: Readonly<Record<SortKey, readonly Metric[]>> = {
  price: [({ prepared }) => prepared.blendedPrice],
  latency: [({ condition }) => condition.latencyMs],
  exacto: [({ condition }) => condition.toolErrorRate, throughput],
  throughput: [throughput],
};

/**
 * The order of `sort`, `:nitro`, `:floor` and `:exacto` (spec 3.3): by the metric, endpoints without data last, equal ones by price. An
 * outage of the last 30 s and an ejection still go to the back: a metric says nothing about an endpoint that does not answer.
 * @param contenders in ascending order of price
 */
export function sortedOrder(contenders: readonly Contender[], sort: SortKey): Placed[] {
  const metrics = METRICS[sort];
  const compare = (left: Contender, right: Contender): number => {
    for (const metric of metrics) {
      const [a, b] = [metric(left) ?? Infinity, metric(right) ?? Infinity];
      if (a !== b) return a - b;
    }
    return 0;
  };
  const { stable, outage, ejected } = byCondition(contenders.toSorted(compare));
  return [...stable.map(place(`sort_${sort}`)), ...outage.map(place('outage')), ...ejected.map(place('ejected'))];
}
