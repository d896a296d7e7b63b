import { Inject, Injectable } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import { GatewayError } from '@switchyard/contracts';
import type { CompletionRequest } from '@switchyard/contracts';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { HealthStore } from '../health/health.store.js';
import { pinnedEndpoint } from './pinned-endpoint.js';
import { route } from './route.js';
import type { OrderedCandidate, Routing, RoutingFacts, RoutingInput } from './routing.js';

/** The catalogue is read in less than that once the broker is there. */
const LOADING_MS = 1_000;

/** What is known of providers and callers beside the catalogue. */
export type RoutingOptions = Pick<RoutingInput, 'knownProviders' | 'servedProviders' | 'policies' | 'pins'>;

/** Gives the pure {@link route} the state of this edge, and real randomness. */
@Injectable()
export class RoutingService {
  constructor(
    private readonly catalogue: CatalogueStore,
    private readonly health: HealthStore,
    @Inject(StreamClient) private readonly streams: Pick<StreamClient, 'servedProviders'>,
  ) {}

  /**
   * The endpoints that may serve a request, in the order to try them, or the error to answer with. An endpoint that is half
   * open and comes first is claimed for this request, so that no other request tries it meanwhile: report its outcome with
   * `HealthStore.observe`. Their prices are those that the request is pinned to: bound, cost and books all follow from them,
   * whatever the catalogue says later.
   */
  candidatesFor(request: CompletionRequest, facts: RoutingFacts, options: RoutingOptions = {}): Routing {
    const routing = this.lookFor(request, facts, options);
    const [first] = routing.candidates;
    if (first) this.health.claimTrial(first.endpoint.id, this.health.nowMs());
    return routing;
  }

  /** The same for a request that will not be made: nothing is claimed. */
  lookFor(request: CompletionRequest, facts: RoutingFacts, options: RoutingOptions = {}): Routing {
    const nowMs = this.health.nowMs();
    const servedProviders = this.streams.servedProviders();
    const routing = route({
      request,
      facts,
      catalogue: this.catalogue,
      health: this.health,
      random: Math.random,
      nowMs,
      ...(servedProviders && { servedProviders }),
      ...options,
    });
    // An edge that has just started does not know every model yet; a client must not be told that its model does not exist.
    if (routing.error?.code === 'invalid_model' && !this.catalogue.loaded)
      return { ...routing, error: new GatewayError('service_unavailable', { retryAfterMs: LOADING_MS }) };
    return { ...routing, candidates: routing.candidates.map(withPinnedPrice) };
  }
}

function withPinnedPrice(candidate: OrderedCandidate): OrderedCandidate {
  const { endpoint, tier = null } = candidate;
  const pinned = pinnedEndpoint(endpoint, tier);
  return pinned === endpoint ? candidate : { ...candidate, endpoint: pinned };
}
