import type { CatalogueModel, CompletionRequest, Price } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { route } from './route.js';
import { aRequest, anInput, healthOf, seededRandom } from './testing/builders.js';

type Options = Omit<Parameters<typeof anInput>[0], 'models'>;
const routed = (models: readonly CatalogueModel[], request: Parameters<typeof aRequest>[0], options: Options = {}) =>
  route(anInput({ models, random: () => 0, ...options, request: aRequest(request) }));
/** `model id @ tag`, in the order of attempts. */
const order = (...asked: Parameters<typeof routed>): string[] =>
  routed(...asked).candidates.map(
    ({ model, endpoint, tier }) => `${model.id}@${endpoint.tag}${tier ? `/${tier}` : ''}`,
  );
const refusal = (...asked: Parameters<typeof routed>) => {
  const { error } = routed(...asked);
  return { code: error?.code, message: error?.message, availability: error?.metadata['availability'] };
};
const of = (id: string, fields: Partial<CatalogueModel> & { usd?: number; endpoint?: object } = {}): CatalogueModel => {
  const { usd = 1, endpoint = {}, ...rest } = fields;
  return aModel({ id, endpoints: [anEndpoint({ usdPerMillion: usd, ...endpoint })], ...rest });
};

describe('models, by the lines of the list of features', () => {
  it('C 45: all endpoints of a model come before those of the next of models', () => {
    const models = [of('acme/one', { usd: 9 }), of('acme/two')];
    expect(order(models, { models: ['acme/one', 'acme/two'] })).toEqual(['acme/one@acme', 'acme/two@acme']);
    // A prompt that is too long for the first is no reason to refuse what the second can read.
    const short = of('acme/one', { endpoint: { contextLength: 10 } });
    const facts = { inputModalities: ['text'], outputModalities: ['text'], promptBytes: 600 };
    expect(order([short, models[1]!], { models: ['acme/one', 'acme/two'] }, { facts })).toEqual(['acme/two@acme']);
  });

  it('C 47: nitro, floor, free and chains of them resolve, and an unknown variant is a 400', () => {
    const health = healthOf({ a: { throughput: 1 }, b: { throughput: 9 } });
    const model = aModel({
      endpoints: [anEndpoint({ tag: 'a', usdPerMillion: 0 }), anEndpoint({ tag: 'b', usdPerMillion: 1 })],
    });
    const by = (name: string) => order([model], { models: [name] }, { health });
    expect(by('acme/large:nitro')).toEqual(['acme/large@b', 'acme/large@a']);
    expect(by('acme/large:floor')).toEqual(['acme/large@a', 'acme/large@b']);
    expect(by('acme/large:free')).toEqual(['acme/large@a']);
    expect(by('acme/large:free:nitro')).toEqual(['acme/large@a']);
    expect(by('acme/large:floor:nitro')).toEqual(['acme/large@b', 'acme/large@a']);
    expect(refusal([of('acme/paid')], { models: ['acme/paid:free'] })).toMatchObject({
      code: 'no_endpoints',
      availability: { code: 'free_variant_ended', excluded_by: [{ reason: 'free_variant', count: 1 }] },
    });
    expect(refusal([model], { models: ['acme/large:turbo'] })).toMatchObject({
      code: 'invalid_model',
      message: 'acme/large:turbo is not a valid model ID',
      availability: { constraint: { field: 'model', detail: expect.stringContaining(':nitro') } },
    });
    const own = of('acme/large:free', { usd: 0 });
    expect(order([model, own], { models: ['acme/large:free'] })).toEqual(['acme/large:free@acme']);
  });

  it('C 48: exacto, online, thinking and extended resolve to what they mean', () => {
    const model = aModel({
      endpoints: [
        anEndpoint({ tag: 'a', supportedParameters: ['reasoning'], contextLength: 1_000 }),
        anEndpoint({ tag: 'b', supportedParameters: ['web_search_options'], contextLength: 9_000, usdPerMillion: 2 }),
      ],
    });
    const by = (name: string, options: Options = {}) => routed([model], { models: [name] }, options).candidates;
    const told = by('acme/large:exacto', { health: healthOf({ a: { toolErrorRate: 0.1 }, b: { toolErrorRate: 0 } }) });
    expect(told.map(({ endpoint, reason }) => `${endpoint.tag} ${reason}`)).toEqual(['b sort_exacto', 'a sort_exacto']);
    expect(by('acme/large:online')).toMatchObject([{ endpoint: { tag: 'b' }, routed: { webSearch: {} } }]);
    expect(by('acme/large:thinking')).toMatchObject([{ endpoint: { tag: 'a' }, routed: { reasoning: true } }]);
    expect(by('acme/large:extended').map(({ endpoint }) => endpoint.tag)).toEqual(['b']);
    expect(by('acme/large')[0]).not.toHaveProperty('routed');
    expect(refusal([of('acme/mute')], { models: ['acme/mute:online'] })).toMatchObject({
      message: 'No endpoints found that support web search',
      availability: { excluded_by: [{ reason: 'web_search', count: 1 }] },
    });
    const plugin = { models: ['acme/large'], webPlugin: { search_context_size: 'low' } };
    expect(routed([model], plugin).candidates[0]?.routed).toEqual({ webSearch: { search_context_size: 'low' } });
  });

  it('C 54: ~author/family-latest resolves to the newest of the family', () => {
    const models = [
      of('acme/sun-3.5-large', { created: 300 }),
      of('acme/sun-large-4.5', { created: 500 }),
      of('acme/sun-large-4', { created: 400 }),
      of('acme/sun-large-4.5:free', { created: 900 }),
      of('acme/sun-large-5-preview', { created: 950 }),
      of('acme/sun-small-9', { created: 990 }),
      of('other/sun-large-9', { created: 999 }),
    ];
    expect(order(models, { models: ['~acme/sun-large-latest'] })).toEqual(['acme/sun-large-4.5@acme']);
    expect(order(models, { models: ['~acme/sun-small-latest:floor'] })).toEqual(['acme/sun-small-9@acme']);
    expect(refusal(models, { models: ['~acme/moon-latest'] })).toMatchObject({ code: 'invalid_model' });
    expect(refusal(models, { models: ['~acme/-latest'] })).toMatchObject({ code: 'invalid_model' });
  });

  const priced = [
    of('acme/p1', { usd: 1, created: 10 }),
    of('acme/p2', { usd: 2, created: 20 }),
    of('acme/p3', { usd: 3, created: 30 }),
    of('acme/p4', { usd: 4, created: 40, endpoint: { supportedParameters: [] } }),
    of('beta/p5', { usd: 5, created: 50 }),
    of('beta/p6:free', { usd: 0, created: 60 }),
  ];
  const auto = (request: Partial<CompletionRequest>, options: Options = {}) =>
    order(priced, { models: ['openrouter/auto'], ...request }, options).map((text) => text.split('@', 1)[0]);

  it('C 52: auto picks inside allowed_models by what the request asks for, and is a 404 when none fits', () => {
    expect(auto({})).toEqual(['acme/p1']);
    expect(auto({ models: ['switchyard/auto'] })).toEqual(['acme/p1']);
    expect(auto({ autoRouter: { costTier: 'high' } })).toEqual(['acme/p3', 'acme/p2', 'acme/p1']);
    expect(auto({ autoRouter: { costTier: 'max' } })).toHaveLength(5);
    expect(auto({ reasoning: { effort: 'high' } })[0]).toBe('acme/p3');
    const tools = { tools: [{ name: 'look' }], parameters: ['tools'] };
    expect(auto({ ...tools, autoRouter: { costTier: 'xhigh' } })).toEqual(['beta/p5', 'acme/p3', 'acme/p2', 'acme/p1']);
    expect(auto({ autoRouter: { allowedModels: ['beta/*'] } })).toEqual(['beta/p5']);
    expect(auto({ autoRouter: { excludedModels: ['acme/p1', '*2'] } })[0]).toBe('acme/p3');
    expect(auto({}, { health: healthOf({ acme: { state: 'ejected' } }) })).toEqual(['acme/p1']);
    expect(refusal(priced, { models: ['openrouter/auto'], autoRouter: { allowedModels: ['none/*'] } })).toMatchObject({
      code: 'no_endpoints',
      message: 'No models match your request and model restrictions',
    });
    const pins = { of: (name: string) => (name === 'openrouter/auto' ? PIN : null) };
    expect(auto({ autoRouter: { costTier: 'high' } }, { pins })).toEqual(['acme/p2', 'acme/p3', 'acme/p1']);
  });

  it('C 53: free picks at random among free models that can serve the request', () => {
    const models = [...priced, of('acme/zero', { usd: 0, endpoint: { supportedParameters: [] } })];
    const firsts = new Set<string>();
    const random = seededRandom(5);
    for (let draw = 0; draw < 20; draw += 1)
      firsts.add(order(models, { models: ['openrouter/free'] }, { random })[0] ?? '');
    expect([...firsts].sort()).toEqual(['acme/zero@acme', 'beta/p6:free@acme']);
    // The routers of an upstream are no models to choose, and their names mean ours.
    const upstream = of('openrouter/free', { usd: 0 });
    expect(order([upstream, of('acme/zero', { usd: 0 })], { models: ['openrouter/free'] })).toEqual(['acme/zero@acme']);
    const tools = { tools: [{ name: 'look' }], parameters: ['tools'] };
    expect(order(models, { models: ['switchyard/free'], ...tools })).toEqual(['beta/p6:free@acme']);
    expect(refusal([of('acme/paid')], { models: ['openrouter/free'] })).toMatchObject({ code: 'no_endpoints' });
  });

  it('C 55: service tiers have the pool, the order and the fallback of their table, and their own price', () => {
    const price: Price = {
      version: 'v1',
      prompt: 4n,
      completion: 4n,
      serviceTiers: { flex: { prompt: 2n, completion: 2n }, priority: { prompt: 8n, completion: 8n } },
    };
    const model = aModel({
      endpoints: [
        anEndpoint({ tag: 'a', price }),
        anEndpoint({ tag: 'b', price: { version: 'v1', prompt: 3n, completion: 3n } }),
      ],
    });
    const by = (request: Parameters<typeof aRequest>[0], options: Options = {}) =>
      order([model], request, options).map((text) => text.slice(text.indexOf('@') + 1));
    const fast = { health: healthOf({ a: { throughput: 1 }, b: { throughput: 9 } }) };
    expect(by({})).toEqual(['b', 'a']);
    expect(by({ serviceTier: 'priority' }, fast)).toEqual(['a/priority', 'b', 'a']);
    expect(by({ serviceTier: 'fast', provider: { only: ['a'] } })).toEqual(['a/priority', 'a']);
    expect(by({ serviceTier: 'flex' })).toEqual(['a/flex']);
    expect(by({ serviceTier: 'flex', provider: { only: ['b'] } })).toEqual(['b']);
    expect(by({ provider: { only: ['a/priority'] } })).toEqual(['a/priority']);
    expect(by({ provider: { order: ['a/flex'] } })).toEqual(['a/flex', 'b', 'a']);
    expect(by({ models: ['acme/large:floor'] })).toEqual(['a/flex', 'b', 'a']);
    expect(by({ models: ['acme/large:nitro'] }, fast)).toEqual(['b', 'a', 'a/priority']);
    expect(by({ models: ['acme/large:nitro'], provider: { order: ['a'] } }, fast)).toEqual(['a', 'b']);
    expect(by({ models: ['acme/large:floor'], serviceTier: 'default' })).toEqual(['b', 'a']);
    const [first, , last] = routed([model], { serviceTier: 'priority' }, fast).candidates;
    expect([first?.tier, first?.routed, last?.tier, last?.routed]).toEqual([
      'priority',
      undefined,
      null,
      { serviceTier: null },
    ]);
    expect(routed([model], { provider: { only: ['a/flex'] } }).candidates[0]?.routed).toEqual({ serviceTier: 'flex' });
  });
});

const PIN = { endpointId: 'acme:acme/p2', modelId: 'acme/p2' };
