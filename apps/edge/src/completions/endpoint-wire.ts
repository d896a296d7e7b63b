import { CatalogueEndpoint } from '@switchyard/contracts';
import { z } from 'zod';

type EndpointWire = z.input<typeof CatalogueEndpoint>;

const encoded = new WeakMap<CatalogueEndpoint, EndpointWire>();

/** An endpoint as calls carry it: encoded once for as long as the catalogue has it, and not for every attempt. */
export function endpointWire(endpoint: CatalogueEndpoint): EndpointWire {
  let wire = encoded.get(endpoint);
  if (!wire) encoded.set(endpoint, (wire = z.encode(CatalogueEndpoint, endpoint)));
  return wire;
}
