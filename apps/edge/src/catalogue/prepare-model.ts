import type { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';
import { blendedPricePicos } from '@switchyard/pricing';
import type { PreparedEndpoint, PreparedModel } from './prepared-model.js';

/** Last parts of a tag that name a service tier and not a region or a variant (spec 3.8). */
const SERVICE_TIERS: ReadonlySet<string> = new Set(['priority', 'fast', 'flex', 'batch']);

/** Does at change time what routing would otherwise do for every request. */
export function prepareModel(model: CatalogueModel): PreparedModel {
  const endpoints = model.endpoints
    .map((endpoint) => prepareEndpoint(endpoint, model))
    .sort((left, right) => left.blendedPrice - right.blendedPrice || compare(left.endpoint.id, right.endpoint.id));
  const supported = endpoints.flatMap((endpoint) => [...endpoint.supportedParameters]);
  return { model, endpoints, supportedParameters: new Set(supported.sort(compare)) };
}

function prepareEndpoint(endpoint: CatalogueEndpoint, model: CatalogueModel): PreparedEndpoint {
  const tag = endpoint.tag.toLowerCase();
  const [base = tag] = tag.split('/', 1);
  const lastPart = tag.slice(tag.lastIndexOf('/') + 1);
  const serviceTier = lastPart !== tag && SERVICE_TIERS.has(lastPart) ? lastPart : null;
  // A tier costs more or waits longer, so only its full slug means it; the base slug means the ordinary service.
  const names = serviceTier ? [tag] : [tag, base, endpoint.provider, endpoint.providerName.toLowerCase()];
  return {
    endpoint,
    model,
    blendedPrice: Number(blendedPricePicos(endpoint.price)),
    names: new Set(names),
    serviceTier,
    supportedParameters: new Set(endpoint.supportedParameters),
    inputModalities: new Set(endpoint.inputModalities),
    outputModalities: new Set(endpoint.outputModalities),
  };
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
