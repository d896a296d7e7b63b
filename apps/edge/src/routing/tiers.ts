import { requestedTier } from '@switchyard/contracts';
import type { CompletionRequest, ServiceTier } from '@switchyard/contracts';
import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { RequestedModel } from './model-expression.js';
import { intersects, slugSet } from './sets.js';

/** Says which tier endpoints a request lets in beside the ordinary ones (spec 3.8). */
export type TierAdmission = (endpoint: PreparedEndpoint, requested: RequestedModel) => boolean;

/** What `service_tier` of a request lets in. */
const TIERS_ASKED_FOR: Readonly<Record<ServiceTier, ReadonlySet<string>>> = {
  priority: new Set(['priority', 'fast']),
  flex: new Set(['flex']),
};
const NO_TIERS: ReadonlySet<string> = new Set();

/**
 * Tier endpoints serve only who asked for them: by `service_tier`, by their full slug, or by a variant. `order` takes a variant's
 * admission away, and so does `service_tier: "default"`.
 */
export function tierAdmission(request: CompletionRequest): TierAdmission {
  const tier = requestedTier(request.serviceTier);
  const asked = tier ? TIERS_ASKED_FOR[tier] : NO_TIERS;
  const named = slugSet([...(request.provider.only ?? []), ...(request.provider.order ?? [])]);
  const variantCounts = request.serviceTier !== 'default' && !request.provider.order?.length;
  return ({ serviceTier, names }, { variants }) =>
    serviceTier === null ||
    asked.has(serviceTier) ||
    intersects(names, named) ||
    (variantCounts && variants.admitsTiers.has(serviceTier));
}

/**
 * The endpoints of a model for one request, in ascending order of price: the ordinary ones, and as endpoints of their own the
 * tiers that the request lets in. Who asks by `service_tier` means the tiers of a provider by its base slug as well.
 */
export function endpointsFor(
  requested: RequestedModel,
  request: CompletionRequest,
  admits: TierAdmission,
): readonly PreparedEndpoint[] {
  const { endpoints, tierEndpoints } = requested.prepared;
  const admitted = tierEndpoints.filter((endpoint) => admits(endpoint, requested));
  const asked = requestedTier(request.serviceTier) !== undefined;
  if (admitted.length === 0 && !asked) return endpoints;
  const named = (endpoint: PreparedEndpoint): PreparedEndpoint =>
    asked && endpoint.serviceTier !== null ? { ...endpoint, names: endpoint.allNames } : endpoint;
  return [...endpoints, ...admitted].map(named).sort((left, right) => left.blendedPrice - right.blendedPrice);
}

/** The tier that a provider is asked for when this endpoint serves. */
export const tierOf = ({ serviceTier }: PreparedEndpoint): ServiceTier | null =>
  requestedTier(serviceTier ?? undefined) ?? null;
