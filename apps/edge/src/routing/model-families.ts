import type { CatalogueView, PreparedModel } from '../catalogue/prepared-model.js';

const ALIAS = /^~([^/]+)\/(.+)-latest$/;
/** `4.5`, `v3`, `4o`, `20250929`, `r1`: what tells the releases of a family apart. */
const VERSION = /^[a-z]?\d[\d.]*[a-z]?$/;

/**
 * The newest model of a family, for `~author/family-latest` (spec 3.6): of the author's models whose name is the words of the family,
 * in this order, and versions between or behind them, the one that was made last. `~anthropic/claude-sonnet-latest` is the newest
 * of `claude-3.5-sonnet` and `claude-sonnet-4.5`, and never `claude-opus-4`; `~openai/gpt-latest` is never a mini. Ids of variants
 * are not releases. Undefined for another form of name, or a family without models.
 */
export function newestOfFamily(alias: string, catalogue: CatalogueView): PreparedModel | undefined {
  const [, author, family] = ALIAS.exec(alias) ?? [];
  if (author === undefined || family === undefined) return undefined;
  const words = family.split('-');
  let newest: PreparedModel | undefined;
  for (const prepared of catalogue.models()) {
    const { id, created } = prepared.model;
    if (!id.startsWith(`${author}/`) || id.includes(':') || prepared.endpoints.length === 0) continue;
    if (!isRelease(id.slice(author.length + 1), words)) continue;
    // In the order of the ids: of two made at once the later id is the higher version.
    if (!newest || created >= newest.model.created) newest = prepared;
  }
  return newest;
}

function isRelease(slug: string, family: readonly string[]): boolean {
  let next = 0;
  for (const part of slug.split('-')) {
    if (part === family[next]) next += 1;
    else if (!VERSION.test(part)) return false;
  }
  return next === family.length;
}
