import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { HealthStore, MonotonicClock } from '../health/health.store.js';
import { RoutingService } from './routing.service.js';
import { aRequest, catalogueOf } from './testing/builders.js';

class TestClock extends MonotonicClock {
  ms = 1_000_000;
  override nowMs(): number {
    return this.ms;
  }
}

const everybodyServes = { servedProviders: () => null };

describe('routing in an edge', () => {
  const facts = { inputModalities: ['text'], outputModalities: ['text'], promptBytes: 100 };
  const endpoints = [anEndpoint({ tag: 'cheap', usdPerMillion: 1 }), anEndpoint({ tag: 'dear', usdPerMillion: 2 })];
  const request = aRequest({ provider: { sort: 'price' } });

  it('gives an endpoint that is half open to one request at a time', () => {
    const clock = new TestClock();
    const health = new HealthStore(clock);
    const routing = new RoutingService(catalogueOf(aModel({ endpoints })), health, everybodyServes);
    const order = () => routing.candidatesFor(request, facts).candidates.map(({ endpoint }) => endpoint.tag);

    expect(order()).toEqual(['cheap', 'dear']);
    for (let failure = 0; failure < 5; failure += 1) health.observe('cheap:acme/large', 'failure');
    expect(order()).toEqual(['dear', 'cheap']);
    clock.ms += 30_000;
    expect(order()).toEqual(['cheap', 'dear']);
    expect(order()).toEqual(['dear', 'cheap']);
    health.observe('cheap:acme/large', 'success');
    expect(order()).toEqual(['cheap', 'dear']);
    expect(order()).toEqual(['cheap', 'dear']);
  });

  it('leaves out the providers that it is told of', () => {
    const routing = new RoutingService(
      catalogueOf(aModel({ endpoints })),
      new HealthStore(new TestClock()),
      everybodyServes,
    );
    const left = routing.candidatesFor(request, facts, { servedProviders: new Set(['dear']) });
    expect(left.candidates.map(({ endpoint }) => endpoint.tag)).toEqual(['dear']);
    expect(left.verdicts).toContainEqual({ endpointId: 'cheap:acme/large', kept: false, reason: 'worker_unavailable' });
  });

  it('leaves out providers of which no worker is heard, and asks all while it cannot tell', () => {
    let served: ReadonlySet<string> | null = null;
    const streams = { servedProviders: () => served };
    const routing = new RoutingService(catalogueOf(aModel({ endpoints })), new HealthStore(new TestClock()), streams);
    const order = () => routing.candidatesFor(request, facts).candidates.map(({ endpoint }) => endpoint.tag);
    expect(order()).toEqual(['cheap', 'dear']);
    served = new Set(['dear']);
    expect(order()).toEqual(['dear']);
    served = new Set(['somebody-else']);
    expect(routing.candidatesFor(request, facts).error?.code).toBe('worker_unavailable');
  });

  it('does not say that a model does not exist before it has read the catalogue whole', () => {
    const catalogue = catalogueOf(aModel({ endpoints }));
    const routing = new RoutingService(catalogue, new HealthStore(new TestClock()), everybodyServes);
    const unknown = aRequest({ models: ['acme/not-read-yet'] });
    const codeNow = () => routing.candidatesFor(unknown, facts).error?.code;
    expect(codeNow()).toBe('service_unavailable');
    catalogue.markLoaded();
    expect(codeNow()).toBe('invalid_model');
    expect(routing.candidatesFor(request, facts).candidates).toHaveLength(2);
  });

  it('pins the price of the tier that was asked for, and no other', () => {
    const tiers = { flex: { prompt: 1n }, priority: { prompt: 9n } };
    const endpoint = anEndpoint({ tag: 'tiered' });
    const model = aModel({ endpoints: [{ ...endpoint, price: { ...endpoint.price, serviceTiers: tiers } }] });
    const routing = new RoutingService(catalogueOf(model), new HealthStore(new TestClock()), everybodyServes);
    const pinned = (serviceTier?: string) =>
      routing.candidatesFor(aRequest({ ...(serviceTier && { serviceTier }) }), facts).candidates[0]?.endpoint.price;
    expect(pinned('priority')).toEqual({ ...endpoint.price, serviceTiers: { priority: { prompt: 9n } } });
    expect(pinned('flex')?.serviceTiers).toEqual({ flex: { prompt: 1n } });
    expect(pinned()).toEqual(endpoint.price);
  });

  it('keeps the price of a candidate when the catalogue gets another', () => {
    const store = catalogueOf(aModel({ endpoints: [anEndpoint({ tag: 'cheap', usdPerMillion: 1 })] }));
    const routing = new RoutingService(store, new HealthStore(new TestClock()), everybodyServes);
    const priceNow = () => routing.candidatesFor(request, facts).candidates[0]?.endpoint.price;
    const [running] = routing.candidatesFor(request, facts).candidates;
    const before = structuredClone(running?.endpoint.price);
    store.put(aModel({ endpoints: [anEndpoint({ tag: 'cheap', usdPerMillion: 5 })] }));
    expect(running?.endpoint.price).toEqual(before);
    expect(priceNow()).not.toEqual(before);
  });
});
