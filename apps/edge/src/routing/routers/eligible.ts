import type { PreparedEndpoint, PreparedModel } from '../../catalogue/prepared-model.js';
import type { RequestedModel } from '../model-expression.js';
import type { RoutingInput } from '../routing.js';
import type { Sieve } from '../sieve.js';
import type { Variants } from '../variants.js';

/** What the catalogue lists of it are routers of an upstream, whose choice would not be ours. */
const ROUTERS_AUTHOR = 'openrouter';

/** A model that could serve the request, with what its endpoints cost and whether one of them is in rotation. */
export interface EligibleModel {
  readonly requested: RequestedModel;
  /** Of the cheapest endpoint that may serve. */
  readonly blendedPrice: number;
  readonly inRotation: boolean;
}

/**
 * The models with an endpoint that passes every rule of the request, the soft ones too: a router that chose a model without the tools
 * of the request would have chosen badly. Ids of variants are not models of their own here.
 */
export function eligibleModels(
  { catalogue, health, nowMs }: RoutingInput,
  sieve: Sieve,
  variants: Variants,
  admits: (prepared: PreparedModel) => boolean,
): readonly EligibleModel[] {
  return catalogue.models().flatMap((prepared): EligibleModel[] => {
    if (prepared.model.author === ROUTERS_AUTHOR || !admits(prepared)) return [];
    const requested = { prepared, variants };
    const able = sieve.able(requested, prepared.endpoints);
    if (able.length === 0) return [];
    const inRotation = able.some(({ endpoint }) => health.conditionOf(endpoint.id, nowMs).state !== 'ejected');
    return [{ requested, blendedPrice: cheapest(able), inRotation }];
  });
}

const cheapest = (endpoints: readonly PreparedEndpoint[]): number =>
  Math.min(...endpoints.map(({ blendedPrice }) => blendedPrice));
