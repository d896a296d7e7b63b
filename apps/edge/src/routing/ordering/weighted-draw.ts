import type { Contender } from './place.js';

/**
 * Draws the index of one contender with probability in proportion to 1/price². Free endpoints weigh infinitely, so among
 * them the draw is even and nothing else has a chance.
 * @param contenders at least one, in ascending order of price
 */
export function drawByPrice(contenders: readonly Contender[], random: () => number): number {
  const free = contenders.findIndex(({ prepared }) => prepared.blendedPrice > 0);
  if (free !== 0) return Math.floor(random() * (free < 0 ? contenders.length : free));
  // Relative to the cheapest the squares stay in range whatever the unit.
  const cheapest = contenders[0]!.prepared.blendedPrice;
  let total = 0;
  for (const { prepared } of contenders) total += (cheapest / prepared.blendedPrice) ** 2;
  let rest = random() * total;
  for (let index = 0; index < contenders.length; index += 1) {
    rest -= (cheapest / contenders[index]!.prepared.blendedPrice) ** 2;
    if (rest < 0) return index;
  }
  return contenders.length - 1;
}
