import { SERVICE_TIERS } from '@switchyard/contracts';
import type { CatalogueEndpoint, CatalogueModel, Price } from '@switchyard/contracts';
import { blendedPricePicos, pinnedPrice } from '@switchyard/pricing';
import type { PreparedEndpoint, PreparedModel } from './prepared-model.js';

/** Last parts of a tag that name a service tier and not a region or a variant (spec 3.8). */
const TIER_NAMES: ReadonlySet<string> = new Set(['priority', 'fast', 'flex', 'batch']);

/** Does at change time what routing would otherwise do for every request. */
export function prepareModel(model: CatalogueModel): PreparedModel {
  const endpoints = model.endpoints.map((endpoint) => prepareEndpoint(endpoint, model)).sort(byPrice);
  const tierEndpoints = endpoints.flatMap(tiersOf).sort(byPrice);
  const supported = endpoints.flatMap((endpoint) => [...endpoint.supportedParameters]);
  return { model, endpoints, tierEndpoints, supportedParameters: new Set(supported.sort(compare)) };
}

function prepareEndpoint(endpoint: CatalogueEndpoint, model: CatalogueModel): PreparedEndpoint {
  const tag = endpoint.tag.toLowerCase();
  const [base = tag] = tag.split('/', 1);
  const lastPart = tag.slice(tag.lastIndexOf('/') + 1);
  const serviceTier = lastPart !== tag && TIER_NAMES.has(lastPart) ? lastPart : null;
  // A tier costs more or waits longer, so only its full slug means it; the base slug means the ordinary service.
  const allNames = [tag, base, endpoint.provider, endpoint.providerName.toLowerCase()];
  return {
    endpoint,
    model,
    blendedPrice: Number(blendedPricePicos(endpoint.price)),
    names: new Set(serviceTier ? [tag] : allNames),
    allNames: new Set(allNames),
    serviceTier,
    isFree: isFree(endpoint.price),
    supportedParameters: new Set(endpoint.supportedParameters),
    inputModalities: new Set(endpoint.inputModalities),
    outputModalities: new Set(endpoint.outputModalities),
  };
}

/** Other tiers than that of its tag, each with its own row of the price alone. */
function tiersOf(prepared: PreparedEndpoint): PreparedEndpoint[] {
  const { endpoint, serviceTier, allNames } = prepared;
  const { serviceTiers: rows } = endpoint.price;
  if (!rows || serviceTier) return [];
  return SERVICE_TIERS.flatMap((tier): PreparedEndpoint[] => {
    const row = rows[tier];
    if (!row) return [];
    const tag = `${endpoint.tag.toLowerCase()}/${tier}`;
    return [
      {
        ...prepared,
        endpoint: { ...endpoint, price: pinnedPrice(endpoint.price, tier) },
        blendedPrice: Number(blendedPricePicos({ ...endpoint.price, ...row })),
        names: new Set([tag]),
        allNames: new Set([tag, ...allNames]),
        serviceTier: tier,
      },
    ];
  });
}

/** Of the price itself; conditions only ever add to it. */
const isFree = (price: Price): boolean => {
  const { serviceTiers: _tiers, ...own } = price;
  return [own, ...(price.overrides ?? [])].every((row) =>
    Object.values(row).every((value) => typeof value !== 'bigint' || value === 0n),
  );
};

const byPrice = (left: PreparedEndpoint, right: PreparedEndpoint): number =>
  left.blendedPrice - right.blendedPrice || compare(left.endpoint.id, right.endpoint.id);

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
