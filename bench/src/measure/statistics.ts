/** @param sorted ascending. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** All values of many lists, ascending: gaps of a thousand streams are millions of numbers, and sort as such. */
export function gathered(lists: readonly (readonly number[])[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all.sort();
}

export const median = (values: readonly number[]): number => percentile(ascending(values), 0.5);

export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function summary(values: readonly number[]): Summary {
  const sorted = ascending(values);
  return { median: percentile(sorted, 0.5), low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

/** How many times more one target does than another one, pair by pair: rounds lie next to each other and suffer the same. */
export const ratios = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.slice(0, theirs.length).map((value, round) => value / theirs[round]!);

/** What one target needs more than another one, pair by pair. */
export const differences = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.slice(0, theirs.length).map((value, round) => value - theirs[round]!);

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
