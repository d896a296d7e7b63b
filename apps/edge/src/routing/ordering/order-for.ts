import { requestedTier } from '@switchyard/contracts';
import type { SortKey } from '@switchyard/contracts';
import { slugSet } from '../sets.js';
import type { RoutingInput } from '../routing.js';
import { defaultOrder } from './default-order.js';
import { listedOrder } from './listed-order.js';
import { concatenated } from './place.js';
import type { Contender, Placed } from './place.js';
import { sortedOrder } from './sorted-order.js';
import { byToolQuality } from './tool-quality.js';

type Order = (contenders: readonly Contender[]) => Placed[];

/**
 * The order of attempts among endpoints that may serve (spec 3.2 to 3.8): as listed, as sorted, or by the default rule.
 * @param contenders in ascending order of price
 */
export function orderFor(
  contenders: readonly Contender[],
  sort: SortKey | undefined,
  { request: { provider, serviceTier, tools }, random }: RoutingInput,
): Placed[] {
  const tier = requestedTier(serviceTier);
  const wanted = sort ?? (tier === 'flex' ? 'price' : tier === 'priority' ? 'throughput' : undefined);
  const drawn: Order = (some) => defaultOrder(some, random);
  const balanced: Order = tools?.length ? (some) => byToolQuality(some, drawn) : drawn;
  const byRule: Order = wanted ? (some) => sortedOrder(some, wanted) : balanced;
  const byTier: Order = tier === 'priority' ? (some) => priorityFirst(some, byRule) : byRule;
  if (!provider.order?.length) return byTier(contenders);
  // One slug may name the tiers of a provider and its ordinary service; whoever asks for a tier means that first.
  const listable = tier === 'priority' ? split(contenders).flat() : contenders;
  return listedOrder(listable, slugSet(provider.order), byTier);
}

/** Who asks for priority gets it first, and the ordinary service when that fails (spec 3.8). */
function priorityFirst(contenders: readonly Contender[], order: Order): Placed[] {
  const [priority, ordinary] = split(contenders);
  return concatenated(order(priority), order(ordinary));
}

const isTier = ({ prepared }: Contender): boolean => prepared.serviceTier !== null;

const split = (contenders: readonly Contender[]): readonly [Contender[], Contender[]] => [
  contenders.filter(isTier),
  contenders.filter((one) => !isTier(one)),
];
