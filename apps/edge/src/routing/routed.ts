import { requestedTier } from '@switchyard/contracts';
import type { CompletionRequest, RoutedRequest } from '@switchyard/contracts';
import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import { tierOf } from './tiers.js';
import type { Variants } from './variants.js';

/** What is sent to an endpoint otherwise than the client's body says; undefined where nothing is. */
export function routedRequest(
  prepared: PreparedEndpoint,
  variants: Variants,
  request: CompletionRequest,
): RoutedRequest | undefined {
  const tier = tierOf(prepared);
  const asked = requestedTier(request.serviceTier) ?? null;
  const searches = variants.online || request.webPlugin !== undefined;
  if (tier === asked && !variants.thinking && !searches) return undefined;
  return {
    ...(tier !== asked && { serviceTier: tier }),
    ...(variants.thinking && { reasoning: true as const }),
    ...(searches && { webSearch: request.webPlugin ?? {} }),
  };
}
