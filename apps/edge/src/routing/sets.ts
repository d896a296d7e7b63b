/** Slugs compare without case (spec 2.4). */
export const slugSet = (slugs: readonly string[]): ReadonlySet<string> =>
  new Set(slugs.map((slug) => slug.trim().toLowerCase()));

export function intersects<T>(some: ReadonlySet<T>, others: ReadonlySet<T>): boolean {
  const [small, large] = some.size <= others.size ? [some, others] : [others, some];
  for (const value of small) if (large.has(value)) return true;
  return false;
}

export function isSubset<T>(some: ReadonlySet<T>, others: ReadonlySet<T>): boolean {
  for (const value of some) if (!others.has(value)) return false;
  return true;
}
