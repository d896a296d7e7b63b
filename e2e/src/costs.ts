/** A cost of the API, a JSON number, in nano-USD: through its decimal text, never through arithmetic with floats. */
export const costNanos = (cost: unknown): bigint => {
  if (typeof cost !== 'number') throw new TypeError(`cost is ${typeof cost}`);
  const [whole = '0', fraction = ''] = cost.toFixed(9).split('.');
  return BigInt(whole + fraction);
};
