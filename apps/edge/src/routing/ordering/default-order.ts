import { byCondition, place } from './place.js';
import type { Contender, Placed } from './place.js';
import { drawByPrice } from './weighted-draw.js';

/**
 * The order without `sort` and `order` (spec 3.2): one stable endpoint by weighted draw, the other stable ones by price, then
 * those with an outage, then the ejected ones. Nothing is left out: the last endpoint always serves.
 * @param contenders in ascending order of price
 */
export function defaultOrder(contenders: readonly Contender[], random: () => number): Placed[] {
  const { stable, outage, ejected } = byCondition(contenders);
  const drawn = stable.length > 0 ? stable.splice(drawByPrice(stable, random), 1) : [];
  return [
    ...drawn.map(place('price_weighted')),
    ...stable.map(place('fallback')),
    ...outage.map(place('outage')),
    ...ejected.map(place('ejected')),
  ];
}
