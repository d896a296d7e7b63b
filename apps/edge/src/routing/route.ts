import { GatewayError } from '@switchyard/contracts';
import type { SortKey } from '@switchyard/contracts';
import { hardFilters } from './filters/index.js';
import { softPreferences } from './filters/soft-preferences.js';
import type { RequestedModel } from './model-expression.js';
import { resolveModels } from './model-expression.js';
import { nothingLeft } from './nothing-left.js';
import { defaultOrder } from './ordering/default-order.js';
import { listedOrder } from './ordering/listed-order.js';
import type { Contender, Placed } from './ordering/place.js';
import { sortedOrder } from './ordering/sorted-order.js';
import type { Routing, RoutingInput, Verdict } from './routing.js';
import { Sieve } from './sieve.js';
import { slugSet } from './sets.js';

/**
 * Which endpoints may serve a request, and in which order they are to be tried (spec 3). Pure: the same input and the same
 * random numbers give the same answer. All endpoints of the first model come before those of the second.
 */
export function route(input: RoutingInput): Routing {
  const models = resolveModels(input.request.models, input.catalogue);
  if (models instanceof GatewayError) return { candidates: [], verdicts: [], error: models };

  const sieve = new Sieve(hardFilters(input), softPreferences(input));
  const placed = models.flatMap((requested) => orderOf(requested, sieve, input));
  const { provider } = input.request;
  const tried = provider.allowFallbacks || provider.order?.length ? placed : placed.slice(0, 1);
  const verdicts = [...sieve.verdicts, ...placed.map((one, index) => verdictOn(one, index < tried.length))];
  if (tried.length === 0) return { candidates: [], verdicts, error: nothingLeft(input, models, sieve) };
  return {
    candidates: tried.map(({ prepared, reason }) => ({ endpoint: prepared.endpoint, model: prepared.model, reason })),
    verdicts,
  };
}

function orderOf(requested: RequestedModel, sieve: Sieve, { request, health, random, nowMs }: RoutingInput): Placed[] {
  const contenders = sieve.sift(requested).map((prepared): Contender => ({
    prepared,
    condition: health.conditionOf(prepared.endpoint.id, nowMs),
  }));
  // The variant belongs to this one model, so it says more than the `sort` of the whole request.
  const sort: SortKey | undefined = requested.variant?.sort ?? request.provider.sort;
  const byRule = (some: readonly Contender[]): Placed[] =>
    sort ? sortedOrder(some, sort) : defaultOrder(some, random);
  return request.provider.order?.length
    ? listedOrder(contenders, slugSet(request.provider.order), byRule)
    : byRule(contenders);
}

const verdictOn = ({ prepared, reason }: Placed, kept: boolean): Verdict => ({
  endpointId: prepared.endpoint.id,
  kept,
  reason: kept ? reason : 'fallbacks_off',
});
