import type { RoutingStrategy } from '@switchyard/contracts';
import { routerOf } from './routers/names.js';
import { withoutVariants } from './variants.js';

/**
 * How a request named its model, in OpenRouter's words (spec 2.7): by a router, as the newest of a family (`~author/family-latest`),
 * by another name of it, as a list, or directly.
 * @param firstCandidate id of the model that was tried first; undefined when there was none
 */
export function strategyOf(requested: readonly string[], firstCandidate: string | undefined): RoutingStrategy {
  const [first = ''] = requested;
  const asked = withoutVariants(first);
  const router = routerOf(asked);
  if (router) return router;
  if (first.startsWith('~')) return 'latest';
  if (requested.length > 1) return 'fallback';
  // Variants are ways of routing, and no other names.
  return firstCandidate !== undefined && withoutVariants(firstCandidate) !== asked ? 'alias' : 'direct';
}
