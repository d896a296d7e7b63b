import type { RoutingStrategy } from '@switchyard/contracts';

const ROUTERS: ReadonlyMap<string, RoutingStrategy> = new Map([
  ['openrouter/auto', 'auto'],
  ['switchyard/auto', 'auto'],
  ['openrouter/free', 'free'],
  ['switchyard/free', 'free'],
]);

/**
 * How a request named its model, in OpenRouter's words (spec 2.7): by a router, as the newest of a family (`~author/family-latest`),
 * by another name of it, as a list, or directly.
 * @param firstCandidate id of the model that was tried first; undefined when there was none
 */
export function strategyOf(requested: readonly string[], firstCandidate: string | undefined): RoutingStrategy {
  const [first = ''] = requested;
  const router = ROUTERS.get(baseOf(first));
  if (router) return router;
  if (first.startsWith('~')) return 'latest';
  if (requested.length > 1) return 'fallback';
  return firstCandidate !== undefined && baseOf(firstCandidate) !== baseOf(first) ? 'alias' : 'direct';
}

/** Variants are ways of routing, and no other names. */
const baseOf = (id: string): string => {
  const colon = id.indexOf(':');
  return colon < 0 ? id : id.slice(0, colon);
};
