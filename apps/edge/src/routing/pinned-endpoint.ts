import type { CatalogueEndpoint, ServiceTier } from '@switchyard/contracts';
import { pinnedPrice } from '@switchyard/pricing';

/** Of the endpoints of the catalogue: the same endpoint for every request, because much is kept by it and by its price. */
const pinned = new WeakMap<CatalogueEndpoint, Map<ServiceTier | null, CatalogueEndpoint>>();

/** The endpoint with the price that requests on this tier are pinned to. */
export function pinnedEndpoint(endpoint: CatalogueEndpoint, tier: ServiceTier | null): CatalogueEndpoint {
  if (!endpoint.price.serviceTiers) return endpoint;
  let byTier = pinned.get(endpoint);
  if (!byTier) pinned.set(endpoint, (byTier = new Map()));
  let known = byTier.get(tier);
  if (!known) byTier.set(tier, (known = { ...endpoint, price: pinnedPrice(endpoint.price, tier ?? undefined) }));
  return known;
}
