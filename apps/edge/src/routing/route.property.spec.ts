import type { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';
import fc from 'fast-check';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { UNKNOWN_CONDITION } from '../health/endpoint-condition.js';
import type { HealthView } from '../health/endpoint-condition.js';
import { route } from './route.js';
import type { RoutingInput } from './routing.js';
import { aRequest, catalogueOf, seededRandom } from './testing/builders.js';

const TAGS = ['a', 'b', 'b/turbo', 'c', 'c/priority', 'd', 'd/flex', 'e'];
const MODELS = ['acme/one', 'acme/two', 'acme/three'];
const PARAMETERS = ['temperature', 'tools', 'response_format', 'verbosity', 'seed'];
const modality = fc.constantFrom('text', 'image', 'audio');

const endpoint = (tag: string): fc.Arbitrary<CatalogueEndpoint> =>
  fc
    .record({
      usdPerMillion: fc.constantFrom(0, 0.1, 1, 2, 2, 50),
      contextLength: fc.integer({ min: 100, max: 10_000 }),
      maxCompletionTokens: fc.option(fc.integer({ min: 1, max: 5_000 })),
      maxPromptTokens: fc.option(fc.integer({ min: 1, max: 5_000 })),
      supportedParameters: fc.subarray(PARAMETERS),
      inputModalities: fc.uniqueArray(modality).map((some) => ['text', ...some]),
      outputModalities: fc.constantFrom<string[]>(['text'], ['text', 'image'], ['embeddings']),
    })
    .map((fields) => anEndpoint({ tag, ...fields }));

const model = (id: string): fc.Arbitrary<CatalogueModel> =>
  fc
    .subarray(TAGS)
    .chain((tags) => fc.tuple(...tags.map(endpoint)))
    .map((endpoints) => aModel({ id, endpoints }));

const slugs = fc.option(fc.uniqueArray(fc.constantFrom(...TAGS, 'nobody'), { maxLength: 4 }), { nil: undefined });
const preferences = fc.record({
  only: slugs,
  ignore: slugs,
  order: slugs,
  allowFallbacks: fc.boolean(),
  requireParameters: fc.boolean(),
  sort: fc.option(fc.constantFrom('price' as const, 'throughput' as const, 'latency' as const), { nil: undefined }),
});

const scenario = fc.record({
  models: fc.tuple(...MODELS.map(model)),
  asked: fc.array(fc.constantFrom(...MODELS, 'acme/one:nitro', 'acme/two:floor'), { minLength: 1, maxLength: 4 }),
  provider: preferences,
  parameters: fc.subarray(PARAMETERS),
  maxTokens: fc.option(fc.integer({ min: 1, max: 6_000 }), { nil: undefined }),
  inputModalities: fc.subarray(['image', 'audio']),
  promptBytes: fc.integer({ min: 0, max: 60_000 }),
  states: fc.dictionary(
    fc.constantFrom(...TAGS),
    fc.constantFrom('healthy' as const, 'outage' as const, 'half_open' as const, 'ejected' as const),
  ),
  known: fc.option(fc.subarray(['a', 'b', 'c', 'd', 'e']), { nil: undefined }),
  dead: fc.subarray(['a', 'b']),
  seed: fc.integer(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

function inputOf(one: Scenario): RoutingInput {
  const { only, ignore, order, sort, ...flags } = one.provider;
  const health: HealthView = {
    conditionOf: (id) => ({ ...UNKNOWN_CONDITION, state: one.states[id.slice(0, id.indexOf(':'))] ?? 'healthy' }),
  };
  return {
    request: aRequest({
      models: one.asked,
      parameters: one.parameters,
      ...(one.maxTokens !== undefined && { maxTokens: one.maxTokens }),
      provider: {
        ...flags,
        ...(only && { only }),
        ...(ignore && { ignore }),
        ...(order && { order }),
        ...(sort && { sort }),
      },
    }),
    facts: {
      inputModalities: ['text', ...one.inputModalities],
      outputModalities: ['text'],
      promptBytes: one.promptBytes,
    },
    catalogue: catalogueOf(...one.models),
    health,
    random: seededRandom(one.seed),
    nowMs: 0,
    ...(one.known && { knownProviders: new Set(one.known) }),
    deadProviders: new Set(one.dead),
  };
}

const RUNS = { numRuns: 1_500 };

describe('routing, whatever is asked of it', () => {
  it('never lets a forbidden endpoint through', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        for (const { endpoint } of route(inputOf(one)).candidates) {
          const called = (list: readonly string[]): boolean => list.some((slug) => calls(slug, endpoint));
          const { only, ignore, order, allowFallbacks, requireParameters } = one.provider;
          if (only?.length) expect(called(only)).toBe(true);
          if (ignore) expect(called(ignore)).toBe(false);
          if (order?.length && !allowFallbacks) expect(called(order)).toBe(true);
          if (requireParameters) expect(endpoint.supportedParameters).toEqual(expect.arrayContaining(one.parameters));
          expect(endpoint.inputModalities).toEqual(expect.arrayContaining(one.inputModalities));
          expect(endpoint.outputModalities).toContain('text');
          expect(one.maxTokens ?? 0).toBeLessThanOrEqual(endpoint.maxCompletionTokens ?? Infinity);
          expect((one.maxTokens ?? 0) + one.promptBytes / 6).toBeLessThanOrEqual(endpoint.contextLength);
          if (one.known) expect(one.known).toContain(endpoint.provider);
          expect(one.dead).not.toContain(endpoint.provider);
        }
      }),
      RUNS,
    );
  });

  it('answers a permutation of the endpoints that it kept, or an error, and judges each endpoint once', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { candidates, verdicts, error } = route(inputOf(one));
        const kept = verdicts.filter((verdict) => verdict.kept).map((verdict) => verdict.endpointId);
        expect(candidates.map(({ endpoint }) => endpoint.id)).toEqual(kept);
        expect(new Set(kept).size).toBe(kept.length);
        expect(error === undefined).toBe(candidates.length > 0);
        const asked = new Set(one.asked.map((id) => id.split(':', 1)[0]));
        const all = one.models.filter(({ id }) => asked.has(id)).flatMap(({ endpoints }) => endpoints);
        expect(verdicts.map(({ endpointId }) => endpointId).sort()).toEqual(all.map(({ id }) => id).sort());
      }),
      RUNS,
    );
  });

  it('gives the same order for the same seed', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        expect(route(inputOf(one)).candidates).toEqual(route(inputOf(one)).candidates);
      }),
      { numRuns: 300 },
    );
  });

  it('is never emptied by a soft preference', () => {
    fc.assert(
      fc.property(scenario, fc.subarray(['tools', 'response_format', 'verbosity']), (one, soft) => {
        const relaxed = { ...one, provider: { ...one.provider, requireParameters: false } };
        const without = route(inputOf({ ...relaxed, parameters: [] })).candidates.length;
        const withSoft = route(inputOf({ ...relaxed, parameters: soft })).candidates.length;
        expect(withSoft > 0).toBe(without > 0);
        expect(withSoft).toBeLessThanOrEqual(without);
      }),
      RUNS,
    );
  });

  it('never drops an endpoint for its health', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const fallbacks = { ...one, provider: { ...one.provider, allowFallbacks: true } };
        const sick = route(inputOf(fallbacks)).candidates.map(({ endpoint }) => endpoint.id);
        const well = route(inputOf({ ...fallbacks, states: {} })).candidates.map(({ endpoint }) => endpoint.id);
        expect(sick.sort()).toEqual(well.sort());
      }),
      RUNS,
    );
  });

  it('puts ejected endpoints of a model behind all its others', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const fallbacks = { ...one, provider: { ...one.provider, allowFallbacks: true } };
        const perModel = Map.groupBy(route(inputOf(fallbacks)).candidates, (candidate) => candidate.model.id);
        for (const candidates of perModel.values()) {
          const ejected = candidates.map(({ endpoint }) => one.states[endpoint.tag] === 'ejected');
          expect(ejected).toEqual(ejected.toSorted((left, right) => Number(left) - Number(right)));
        }
      }),
      RUNS,
    );
  });
});

/** The slug rule of the documentation, said a second time and differently. */
function calls(slug: string, { tag, provider }: CatalogueEndpoint): boolean {
  const isTier = tag.endsWith('/priority') || tag.endsWith('/flex');
  return slug === tag || (!isTier && slug === provider);
}
