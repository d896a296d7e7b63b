/**
 * How likely each of these would be drawn first, in the order given: in proportion to 1/price², and evenly among the free ones, which
 * leave the others no chance. What `drawByPrice` draws by, for people to read.
 * @param blendedPrices of those who take part in the draw
 */
export function drawShares(blendedPrices: readonly number[]): readonly number[] {
  const cheapest = Math.min(...blendedPrices);
  // Relative to the cheapest the squares stay in range whatever the unit.
  const weights = blendedPrices.map((price) => (cheapest > 0 ? (cheapest / price) ** 2 : price > 0 ? 0 : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
