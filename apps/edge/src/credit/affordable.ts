/**
 * The most output tokens whose bound fits into an amount: found by halving, because the bound grows with the tokens and only
 * the price book knows how (tiers, several choices). Answers 0 when not even the prompt is affordable.
 */
export function affordableTokens(
  boundOfTokens: (maxTokens: number) => bigint,
  affordableNanos: bigint,
  requestedTokens: number,
): number {
  let affordable = 0;
  let tooMany = requestedTokens + 1;
  while (affordable + 1 < tooMany) {
    const middle = Math.floor((affordable + tooMany) / 2);
    if (boundOfTokens(middle) <= affordableNanos) affordable = middle;
    else tooMany = middle;
  }
  return affordable;
}
