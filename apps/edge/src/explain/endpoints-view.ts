import { formatUsd } from '@switchyard/contracts';
import { boundOf, priceToUsd } from '@switchyard/pricing';
import type { BoundInput } from '@switchyard/pricing';
import type { CatalogueView, PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { HealthView } from '../health/endpoint-condition.js';
import type { OrderedCandidate, Verdict } from '../routing/index.js';
import { drawShares } from '../routing/ordering/draw-shares.js';

export interface Surroundings {
  readonly catalogue: CatalogueView;
  readonly health: HealthView;
  readonly nowMs: number;
}

/** Endpoints that are shown one by one. */
const MAX_SHOWN = 200;
/** Places that the draw of the default order gives: the one who was drawn, and those who were not. */
const DRAWN: ReadonlySet<string> = new Set(['price_weighted', 'fallback']);

/** Candidates in the order in which they would be tried. */
export function candidateViews(
  candidates: readonly OrderedCandidate[],
  input: BoundInput,
  around: Surroundings,
): object[] {
  const known = preparedById(around.catalogue);
  const shares = sharesOf(candidates, known);
  return candidates.slice(0, MAX_SHOWN).map(({ endpoint, model, reason, tier }, index) => ({
    position: index + 1,
    endpoint_id: endpoint.id,
    provider: endpoint.provider,
    provider_name: endpoint.providerName,
    model: model.id,
    reason,
    service_tier: tier ?? null,
    weight: shares.get(endpoint.id) ?? null,
    pricing: priceToUsd(endpoint.price),
    bound: formatUsd(boundOf(input, [endpoint])),
    health: healthView(endpoint.id, around),
  }));
}

/** Endpoints that were left out, each with the filter that did it. */
export function excludedViews(verdicts: readonly Verdict[], around: Surroundings): object[] {
  const known = preparedById(around.catalogue);
  return verdicts
    .filter(({ kept }) => !kept)
    .slice(0, MAX_SHOWN)
    .map(({ endpointId, reason }) => {
      const prepared = known.get(endpointId);
      return {
        endpoint_id: endpointId,
        provider: prepared?.endpoint.provider ?? null,
        provider_name: prepared?.endpoint.providerName ?? null,
        model: prepared?.model.id ?? null,
        filter: reason,
        pricing: prepared ? priceToUsd(prepared.endpoint.price) : null,
        health: healthView(endpointId, around),
      };
    });
}

const healthView = (endpointId: string, { health, nowMs }: Surroundings): object => {
  const { state, latencyMs, throughput } = health.conditionOf(endpointId, nowMs);
  return { state, latency_ms: latencyMs, throughput };
};

/** The chance of each to be first of its model, where the default order drew; candidates of models with another order have none. */
function sharesOf(
  candidates: readonly OrderedCandidate[],
  known: ReadonlyMap<string, PreparedEndpoint>,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const modelId of new Set(candidates.map(({ model }) => model.id))) {
    const own = candidates.filter(({ model }) => model.id === modelId);
    if (!own.some(({ reason }) => reason === 'price_weighted')) continue;
    const drawn = own.flatMap(({ endpoint, reason }) => {
      const prepared = DRAWN.has(reason) ? known.get(endpoint.id) : undefined;
      return prepared ? [prepared] : [];
    });
    const ownShares = drawShares(drawn.map(({ blendedPrice }) => blendedPrice));
    drawn.forEach(({ endpoint }, index) => shares.set(endpoint.id, ownShares[index]!));
  }
  return shares;
}

const preparedById = (catalogue: CatalogueView): ReadonlyMap<string, PreparedEndpoint> =>
  new Map(catalogue.models().flatMap(({ endpoints }) => endpoints.map((one) => [one.endpoint.id, one] as const)));
