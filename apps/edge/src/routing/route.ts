import { GatewayError, requestedTier } from '@switchyard/contracts';
import type { SortKey } from '@switchyard/contracts';
import { hardFilters } from './filters/index.js';
import { softPreferences } from './filters/soft-preferences.js';
import type { RequestedModel } from './model-expression.js';
import { resolveModels } from './model-expression.js';
import { nothingLeft } from './nothing-left.js';
import { orderFor } from './ordering/order-for.js';
import { pinnedFirst } from './ordering/pinned.js';
import type { Contender, Placed } from './ordering/place.js';
import { bySpeed } from './ordering/preferred-speed.js';
import { routedRequest } from './routed.js';
import { routerChoice } from './routers/index.js';
import { isRouter } from './routers/names.js';
import type { OrderedCandidate, Routing, RoutingInput, Verdict } from './routing.js';
import { Sieve } from './sieve.js';
import { endpointsFor, tierAdmission, tierOf } from './tiers.js';
import { withoutVariants } from './variants.js';

/** An endpoint of a model that was asked for; one endpoint may be there twice, under two names of its model. */
interface Entry {
  readonly contender: Contender;
  readonly requested: RequestedModel;
}

/**
 * Which endpoints may serve a request, and in which order they are to be tried (spec 3). Pure: the same input and the same
 * random numbers give the same answer. All endpoints of the first model come before those of the second, unless the request wants
 * one list of all.
 */
export function route(input: RoutingInput): Routing {
  const { request, catalogue, health, nowMs } = input;
  const sieve = new Sieve(hardFilters(input), softPreferences(input));
  const models = resolveModels(request.models, catalogue, routerChoice(input, sieve));
  if (models instanceof GatewayError) return { candidates: [], verdicts: [], error: models };

  const requestedBy = new Map<Placed['prepared'], RequestedModel>();
  const admits = tierAdmission(request);
  const lists = models.map((requested) =>
    sieve.sift(requested, endpointsFor(requested, request, admits)).map((prepared): Entry => {
      // An object of its own for each name, so that what a variant means stays with it.
      const own = requestedBy.has(prepared) ? { ...prepared } : prepared;
      requestedBy.set(own, requested);
      return {
        requested,
        contender: { prepared: own, condition: health.conditionOf(own.endpoint.id, nowMs) },
      };
    }),
  );
  const { provider } = request;
  const ordered = bySpeed(pinned(orderOf(lists, input), input), provider, ({ prepared }) =>
    health.conditionOf(prepared.endpoint.id, nowMs),
  );
  const tried = provider.allowFallbacks || provider.order?.length ? ordered : ordered.slice(0, 1);
  const verdicts = [...sieve.verdicts, ...ordered.map((one, index) => verdictOn(one, index < tried.length))];
  if (tried.length === 0) return { candidates: [], verdicts, error: nothingLeft(input, models, sieve) };
  return {
    candidates: tried.map((one): OrderedCandidate => {
      const { prepared, reason } = one;
      const routed = routedRequest(prepared, requestedBy.get(prepared)!.variants, request);
      const { endpoint, model } = prepared;
      return { endpoint, model, reason, tier: tierOf(prepared), ...(routed && { routed }) };
    }),
    verdicts,
  };
}

/** The lists of the models one after another, or all of them as one list. */
function orderOf(lists: readonly (readonly Entry[])[], input: RoutingInput): readonly Placed[] {
  const { provider } = input.request;
  const sortOf = (entries: readonly Entry[]): SortKey | undefined =>
    // The variant belongs to this one model, so it says more than the `sort` of the whole request.
    entries[0]?.requested.variants.sort ?? provider.sort;
  if (provider.sortPartition === 'none') {
    const all = lists.flat();
    const byPrice = all
      .map(({ contender }) => contender)
      .sort((left, right) => left.prepared.blendedPrice - right.prepared.blendedPrice);
    return orderFor(byPrice, sortOf(all), input);
  }
  return lists.flatMap((entries) => {
    const order = orderFor(
      entries.map(({ contender }) => contender),
      sortOf(entries),
      input,
    );
    const [first] = entries;
    return first ? pinnedFirst(order, pinOf(first.contender.prepared.model.id, input)) : order;
  });
}

/** The place of a conversation whose model a router chose, or in one list of all models. */
function pinned(order: readonly Placed[], input: RoutingInput): readonly Placed[] {
  const { models, provider } = input.request;
  const [first = ''] = models;
  const name = withoutVariants(first);
  if (isRouter(name)) return pinnedFirst(order, pinOf(name, input));
  const pin = provider.sortPartition === 'none' ? order.map(({ prepared }) => pinOf(prepared.model.id, input)) : [];
  return pinnedFirst(order, pin.find((one) => one !== null) ?? null);
}

/** An order of one's own, also by an account's wish, is no matter of caches (spec 3.7). */
const pinOf = (name: string, { request, pins }: RoutingInput) =>
  request.provider.order?.length || requestedTier(request.serviceTier) ? null : (pins?.of(name) ?? null);

const verdictOn = ({ prepared, reason }: Placed, kept: boolean): Verdict => ({
  endpointId: prepared.endpoint.id,
  kept,
  reason: kept ? reason : 'fallbacks_off',
});
