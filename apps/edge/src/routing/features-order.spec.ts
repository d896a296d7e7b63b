import type { CatalogueModel, CompletionRequest } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { route } from './route.js';
import { aRequest, anInput, healthOf, seededRandom } from './testing/builders.js';

const percentiles = (p50: number, rest = p50) => ({ p50, p75: rest, p90: rest, p99: rest });
const abc = aModel({
  endpoints: [
    anEndpoint({ tag: 'a', usdPerMillion: 1 }),
    anEndpoint({ tag: 'b', usdPerMillion: 2 }),
    anEndpoint({ tag: 'c', usdPerMillion: 3 }),
  ],
});
const other = aModel({ id: 'acme/other', endpoints: [anEndpoint({ tag: 'd', usdPerMillion: 0.5 })] });

type Options = Omit<Parameters<typeof anInput>[0], 'models'> & { readonly models?: readonly CatalogueModel[] };
const routed = ({ models = [abc], random = () => 0, ...rest }: Options = {}) =>
  route(anInput({ models, random, ...rest }));
const tags = (options: Options = {}): string =>
  routed(options)
    .candidates.map(({ endpoint }) => endpoint.tag)
    .join();
const asked = (request: Parameters<typeof aRequest>[0], options: Options = {}): string =>
  tags({ ...options, request: aRequest(request) });
const availabilityOf = (request: CompletionRequest, models = [abc]) =>
  routed({ models, request }).error?.metadata['availability'] as { code: string; excluded_by: unknown[] };

describe('the order of endpoints, by the lines of the list of features', () => {
  it('C 31: the first choice follows 1/price² over 10,000 draws, by chi-square and within 2 %', () => {
    const input = anInput({ models: [abc], random: seededRandom(20_261_122) });
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 10_000; draw += 1) {
      const first = route(input).candidates[0]!.endpoint.tag;
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    const weights = { a: 1, b: 1 / 4, c: 1 / 9 };
    const total = weights.a + weights.b + weights.c;
    let chiSquare = 0;
    for (const [tag, weight] of Object.entries(weights)) {
      const expected = (10_000 * weight) / total;
      chiSquare += ((counts.get(tag) ?? 0) - expected) ** 2 / expected;
      expect(Math.abs((counts.get(tag) ?? 0) - expected)).toBeLessThan(200);
    }
    // The 99th percentile with two degrees of freedom.
    expect(chiSquare).toBeLessThan(9.21);
  });

  it('C 32: an endpoint with an outage in the last 30 s is tried last', () => {
    expect(tags({ health: healthOf({ a: { state: 'outage' } }) })).toBe('b,c,a');
    expect(tags({ health: healthOf({ a: { state: 'healthy' } }) })).toBe('a,b,c');
  });

  it('C 33: order puts listed slugs first, and without fallbacks nobody else is tried', () => {
    expect(asked({ provider: { order: ['C', 'nobody', 'b'] } })).toBe('c,b,a');
    expect(asked({ provider: { order: ['c', 'b'], allowFallbacks: false } })).toBe('c,b');
    expect(asked({ provider: { allowFallbacks: false } })).toBe('a');
    expect(availabilityOf(aRequest({ provider: { order: ['x'], allowFallbacks: false } }))).toMatchObject({
      excluded_by: [{ reason: 'fallbacks_off', count: 3 }],
    });
  });

  it('C 34: only and ignore combine, and nothing left is a 404 with reasons', () => {
    expect(asked({ provider: { only: ['a', 'b'], ignore: ['a'] } })).toBe('b');
    expect(availabilityOf(aRequest({ provider: { only: ['a'], ignore: ['a'] } })).excluded_by).toEqual([
      { reason: 'ignored_providers', count: 1 },
      { reason: 'allowed_providers', count: 2 },
    ]);
  });

  it('C 35: a base slug matches all variants but no tier, a full slug one endpoint', () => {
    const model = aModel({
      endpoints: ['v', 'v/east', 'v/turbo', 'v/priority'].map((tag, index) =>
        anEndpoint({ tag, usdPerMillion: index + 1 }),
      ),
    });
    const models = [model];
    expect(asked({ provider: { only: ['v'] } }, { models })).toBe('v,v/east,v/turbo');
    expect(asked({ provider: { only: ['V/Turbo'] } }, { models })).toBe('v/turbo');
    expect(asked({ provider: { only: ['v/priority'] } }, { models })).toBe('v/priority');
    // Who forbids a provider forbids its tiers, whatever lets them in.
    expect(asked({ models: ['acme/large:nitro'], provider: { ignore: ['v'] } }, { models })).toBe('');
  });

  it('C 36: sort by price, throughput, latency and tool quality, those without data last', () => {
    const health = healthOf({
      a: { throughput: 10, latencyMs: 900, toolErrorRate: 0.2 },
      c: { throughput: 90, latencyMs: 100, toolErrorRate: 0 },
    });
    expect(asked({ provider: { sort: 'price' } }, { health })).toBe('a,b,c');
    expect(asked({ provider: { sort: 'throughput' } }, { health })).toBe('c,a,b');
    expect(asked({ provider: { sort: 'latency' } }, { health })).toBe('c,a,b');
    expect(asked({ provider: { sort: 'exacto' } }, { health })).toBe('c,a,b');
    const level = healthOf({ a: { toolErrorRate: 0, throughput: 1 }, b: { toolErrorRate: 0, throughput: 2 } });
    expect(asked({ provider: { sort: 'exacto' } }, { health: level })).toBe('b,a,c');
  });

  it('C 37: with the partition none an endpoint of a later model may come first', () => {
    const models = [abc, other];
    const both = { models: ['acme/large', 'acme/other'] };
    expect(asked({ ...both, provider: { sort: 'price' } }, { models })).toBe('a,b,c,d');
    expect(asked({ ...both, provider: { sort: 'price', sortPartition: 'model' } }, { models })).toBe('a,b,c,d');
    expect(asked({ ...both, provider: { sort: 'price', sortPartition: 'none' } }, { models })).toBe('d,a,b,c');
    expect(asked({ ...both, provider: { order: ['b'], sortPartition: 'none' } }, { models })).toBe('b,d,a,c');
  });

  it('C 43: preferred speeds reorder over all models and exclude nobody; every percentile that is given must hold', () => {
    const health = healthOf({
      a: { throughputPercentiles: percentiles(80, 20), latencyPercentilesMs: percentiles(2_000) },
      b: { throughputPercentiles: percentiles(60, 60), latencyPercentilesMs: percentiles(400, 900) },
      c: { throughputPercentiles: percentiles(10), latencyPercentilesMs: percentiles(300) },
    });
    const by = (provider: Partial<CompletionRequest['provider']>) => asked({ provider }, { health });
    expect(by({ preferredMinThroughput: { p50: 50 } })).toBe('a,b,c');
    expect(by({ preferredMinThroughput: { p50: 50, p90: 50 } })).toBe('b,a,c');
    expect(by({ preferredMaxLatencyMs: { p50: 500 } })).toBe('b,c,a');
    expect(by({ preferredMaxLatencyMs: { p99: 500 } })).toBe('c,a,b');
    expect(by({ preferredMaxLatencyMs: { p50: 1 } })).toBe('a,b,c');
    // A fallback model that is fast enough, or was never measured, goes before a primary that is not.
    const models = [abc, other];
    const request = { models: ['acme/large', 'acme/other'], provider: { preferredMaxLatencyMs: { p50: 350 } } };
    expect(asked(request, { models, health })).toBe('c,d,a,b');
    const down = healthOf({ a: { latencyPercentilesMs: percentiles(9_000) }, d: { state: 'ejected' } });
    expect(asked(request, { models, health: down })).toBe('b,c,a,d');
  });

  it('C 40: tools, response_format and verbosity prefer those who support them and never empty the list', () => {
    const model = aModel({
      endpoints: [
        anEndpoint({ tag: 'plain', usdPerMillion: 1, supportedParameters: [] }),
        anEndpoint({ tag: 'tools', usdPerMillion: 2, supportedParameters: ['tools', 'verbosity'] }),
      ],
    });
    const wants = (...parameters: string[]) => asked({ parameters }, { models: [model] });
    expect(wants('tools')).toBe('tools');
    expect(wants('verbosity')).toBe('tools');
    expect(wants('response_format')).toBe('plain,tools');
    expect(wants('tools', 'response_format')).toBe('tools');
    const tools = [{ name: 'look' }];
    const bad = healthOf({ a: { toolErrorRate: 0.3 }, b: { toolErrorRate: 0.02 } });
    expect(asked({ tools, parameters: ['tools'] }, { health: bad })).toBe('b,c,a');
    expect(asked({ tools, parameters: ['tools'], provider: { sort: 'price' } }, { health: bad })).toBe('a,b,c');
    const allBad = healthOf({ a: { toolErrorRate: 0.3 }, b: { toolErrorRate: 0.3 }, c: { toolErrorRate: 0.3 } });
    expect(asked({ tools, parameters: ['tools'] }, { health: allBad })).toBe('a,b,c');
  });

  it('C 49: a pinned endpoint comes first, other conversations spread out, and one that is down is no place to stay', () => {
    const pins = {
      of: (model: string) => (model === 'acme/large' ? { endpointId: 'c:acme/large', modelId: model } : null),
    };
    expect(routed({ pins }).candidates.map(({ endpoint, reason }) => [endpoint.tag, reason])[0]).toEqual([
      'c',
      'sticky',
    ]);
    expect(tags({ pins, health: healthOf({ c: { state: 'outage' } }) })).toBe('a,b,c');
    expect(asked({ provider: { ignore: ['c'] } }, { pins })).toBe('a,b');
    expect(asked({ provider: { sort: 'price' } }, { pins })).toBe('c,a,b');
  });

  it('C 50: an order of the client’s own is no matter of where the conversation was', () => {
    const pins = { of: () => ({ endpointId: 'c:acme/large', modelId: 'acme/large' }) };
    expect(asked({ provider: { order: ['b'] } }, { pins })).toBe('b,a,c');
  });
});
