import type { CatalogueEndpoint } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { route } from './route.js';
import type { Routing, RoutingInput } from './routing.js';
import { aRequest, anInput, healthOf, seededRandom } from './testing/builders.js';

const tagsOf = ({ candidates }: Routing): string[] => candidates.map(({ endpoint }) => endpoint.tag);
const modelWith = (...endpoints: CatalogueEndpoint[]) => aModel({ endpoints });
const threePrices = modelWith(
  anEndpoint({ tag: 'a', usdPerMillion: 1 }),
  anEndpoint({ tag: 'b', usdPerMillion: 2 }),
  anEndpoint({ tag: 'c', usdPerMillion: 3 }),
);
const routed = (fields: Parameters<typeof anInput>[0]): Routing => route(anInput(fields));

describe('the default order', () => {
  it('follows the worked example of the documentation: A to C is 9 to 1, and B with its outage comes last', () => {
    const random = seededRandom(42);
    const input = anInput({ models: [threePrices], health: healthOf({ b: { state: 'outage' } }), random });
    const seen: Record<string, number> = {};
    for (let draw = 0; draw < 10_000; draw += 1) {
      const order = tagsOf(route(input)).join();
      seen[order] = (seen[order] ?? 0) + 1;
    }
    expect(Object.keys(seen).sort()).toEqual(['a,c,b', 'c,a,b']);
    expect(seen['a,c,b']! / 10_000).toBeCloseTo(0.9, 1);
    expect(chiSquare([seen['a,c,b']!, seen['c,a,b']!], [9 / 10, 1 / 10])).toBeLessThan(6.63);
  });

  it('draws the first endpoint in proportion to 1/price² over 10,000 draws', () => {
    const input = anInput({ models: [threePrices], random: seededRandom(7) });
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let draw = 0; draw < 10_000; draw += 1) first[tagsOf(route(input))[0]!]! += 1;
    const total = 1 + 1 / 4 + 1 / 9;
    const expected = [1 / total, 1 / 4 / total, 1 / 9 / total];
    // 9.21 is the 99th percentile of chi-square with two degrees of freedom.
    expect(chiSquare(Object.values(first), expected)).toBeLessThan(9.21);
    Object.values(first).forEach((count, index) =>
      expect(Math.abs(count / 10_000 - expected[index]!)).toBeLessThan(0.02),
    );
  });

  it('weighs prompt and completion price 3 to 1', () => {
    const dearPrompt = anEndpoint({ tag: 'prompt', price: { version: 'v', prompt: 4_000_000n, completion: 0n } });
    const dearCompletion = anEndpoint({
      tag: 'completion',
      price: { version: 'v', prompt: 0n, completion: 8_000_000n },
    });
    const fallbacks = routed({ models: [modelWith(dearPrompt, dearCompletion)], random: () => 0 });
    // Blends of 3 and 2 dollars a million: the dear completion is the cheaper endpoint.
    expect(tagsOf(fallbacks)).toEqual(['completion', 'prompt']);
  });

  it('draws evenly among free endpoints and never a paid one first', () => {
    const model = modelWith(
      anEndpoint({ tag: 'a', usdPerMillion: 0 }),
      anEndpoint({ tag: 'b', usdPerMillion: 0 }),
      anEndpoint({ tag: 'c', usdPerMillion: 0.000_001 }),
    );
    const input = anInput({ models: [model], random: seededRandom(3) });
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let draw = 0; draw < 1_000; draw += 1) first[tagsOf(route(input))[0]!]! += 1;
    expect(first['c']).toBe(0);
    expect(Math.abs(first['a']! - 500)).toBeLessThan(60);
  });

  it('puts ejected endpoints at the very end and never drops them', () => {
    const health = healthOf({ a: { state: 'ejected' }, b: { state: 'outage' } });
    const routing = routed({ models: [threePrices], health });
    expect(routing.candidates.map(({ endpoint, reason }) => [endpoint.tag, reason])).toEqual([
      ['c', 'price_weighted'],
      ['b', 'outage'],
      ['a', 'ejected'],
    ]);
  });

  it('serves from the last endpoint although it is ejected', () => {
    const health = healthOf({ acme: { state: 'ejected' } });
    expect(tagsOf(routed({ models: [aModel()], health }))).toEqual(['acme']);
  });
});

describe('several models', () => {
  const small = aModel({ id: 'acme/small', endpoints: [anEndpoint({ tag: 'x', usdPerMillion: 0.1 })] });
  const both = { models: [threePrices, small] };

  it('tries every endpoint of the first model before the second model', () => {
    const request = aRequest({ models: ['acme/large', 'acme/small'] });
    const routing = routed({ ...both, request });
    expect(routing.candidates.map(({ model }) => model.id)).toEqual([
      'acme/large',
      'acme/large',
      'acme/large',
      'acme/small',
    ]);
  });

  it('uses the second model where the first can not serve', () => {
    const request = aRequest({ models: ['acme/large', 'acme/small'], provider: { only: ['x'] } });
    expect(tagsOf(routed({ ...both, request }))).toEqual(['x']);
  });

  it('takes a model once, whichever of its names it is asked by', () => {
    const model = aModel({ canonicalSlug: 'acme/large-20260101' });
    const request = aRequest({ models: ['acme/large', 'acme/large-20260101', 'acme/large:floor'] });
    expect(tagsOf(routed({ models: [model], request }))).toEqual(['acme']);
  });
});

describe('order', () => {
  it('puts listed slugs first, in the order of the list and without case', () => {
    const request = aRequest({ provider: { order: ['C', 'nobody', 'b'] } });
    const routing = routed({ models: [threePrices], request });
    expect(routing.candidates.map(({ endpoint, reason }) => [endpoint.tag, reason])).toEqual([
      ['c', 'order'],
      ['b', 'order'],
      ['a', 'price_weighted'],
    ]);
  });

  it('stops at the listed ones without fallbacks', () => {
    const request = aRequest({ provider: { order: ['b', 'c'], allowFallbacks: false } });
    const routing = routed({ models: [threePrices], request });
    expect(tagsOf(routing)).toEqual(['b', 'c']);
    expect(routing.verdicts).toContainEqual({ endpointId: 'a:acme/large', kept: false, reason: 'fallbacks_off' });
  });

  it('keeps one endpoint without fallbacks and without a list', () => {
    const routing = routed({ models: [threePrices], request: aRequest({ provider: { allowFallbacks: false } }) });
    expect(routing.candidates).toHaveLength(1);
    expect(routing.verdicts.filter(({ reason }) => reason === 'fallbacks_off')).toHaveLength(2);
  });

  it('moves a listed endpoint to the end while it is ejected', () => {
    const request = aRequest({ provider: { order: ['b', 'c'] } });
    expect(tagsOf(routed({ models: [threePrices], request, health: healthOf({ b: { state: 'ejected' } }) }))).toEqual([
      'c',
      'a',
      'b',
    ]);
  });

  it('matches a base slug with every variant but no tier, and a full slug with one endpoint', () => {
    const model = modelWith(
      anEndpoint({ tag: 'deep' }),
      anEndpoint({ tag: 'deep/turbo', usdPerMillion: 2 }),
      anEndpoint({ tag: 'deep/priority', usdPerMillion: 3 }),
      anEndpoint({ tag: 'other', usdPerMillion: 4 }),
    );
    const only = (...slugs: string[]): string[] =>
      tagsOf(routed({ models: [model], request: aRequest({ provider: { only: slugs, sort: 'price' } }) }));
    expect(only('deep')).toEqual(['deep', 'deep/turbo']);
    expect(only('deep/turbo')).toEqual(['deep/turbo']);
    expect(only('deep/priority')).toEqual(['deep/priority']);
    expect(only('Deep/Priority', 'OTHER')).toEqual(['deep/priority', 'other']);
    expect(tagsOf(routed({ models: [model] }))).not.toContain('deep/priority');
  });
});

describe('sort and variants', () => {
  const health = healthOf({ a: { throughput: 10, latencyMs: 900 }, b: { throughput: 50, latencyMs: 300 } });
  const sorted = (fields: Partial<RoutingInput>): string[] =>
    tagsOf(routed({ models: [threePrices], health, ...fields }));

  it.each([
    ['price', 'a,b,c'],
    ['throughput', 'b,a,c'],
    ['latency', 'b,a,c'],
  ] as const)('sorts by %s, endpoints without data last', (sort, expected) => {
    expect(sorted({ request: aRequest({ provider: { sort } }) }).join()).toBe(expected);
  });

  it('reads :nitro as throughput and :floor as price; of several the last one wins', () => {
    expect(sorted({ request: aRequest({ models: ['acme/large:nitro'] }) })).toEqual(['b', 'a', 'c']);
    expect(sorted({ request: aRequest({ models: ['acme/large:floor'] }) })).toEqual(['a', 'b', 'c']);
    expect(sorted({ request: aRequest({ models: ['acme/large:nitro:floor'] }) })).toEqual(['a', 'b', 'c']);
  });

  it('finds :free as a model of its own, also with a dynamic variant behind it', () => {
    const free = aModel({ id: 'acme/large:free', canonicalSlug: 'acme/large', endpoints: [anEndpoint({ tag: 'f' })] });
    const models = [threePrices, free];
    expect(tagsOf(routed({ models, request: aRequest({ models: ['acme/large:free'] }) }))).toEqual(['f']);
    expect(tagsOf(routed({ models, request: aRequest({ models: ['acme/large:free:nitro'] }) }))).toEqual(['f']);
    expect(tagsOf(routed({ models }))).toHaveLength(3);
  });

  it('lets a tier in by its variant, unless the request names an order or the default tier', () => {
    const model = modelWith(anEndpoint({ tag: 'a' }), anEndpoint({ tag: 'a/flex', usdPerMillion: 0.5 }));
    const asked = (request: RoutingInput['request']): string[] => tagsOf(routed({ models: [model], request }));
    expect(asked(aRequest({ models: ['acme/large:floor'] }))).toEqual(['a/flex', 'a']);
    expect(asked(aRequest({ models: ['acme/large:nitro'] }))).toEqual(['a']);
    expect(asked(aRequest({ models: ['acme/large:floor'], provider: { order: ['a'] } }))).toEqual(['a']);
    expect(asked(aRequest({ models: ['acme/large:floor'], serviceTier: 'default' }))).toEqual(['a']);
    expect(asked(aRequest({ serviceTier: 'flex', provider: { sort: 'price' } }))).toEqual(['a/flex']);
  });

  it('sends an endpoint with an outage behind the sorted ones', () => {
    const failing = healthOf({ a: { state: 'outage' } });
    expect(sorted({ request: aRequest({ provider: { sort: 'price' } }), health: failing })).toEqual(['b', 'c', 'a']);
  });
});

function chiSquare(observed: readonly number[], probabilities: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  return observed.reduce((sum, count, index) => {
    const expected = probabilities[index]! * total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}
