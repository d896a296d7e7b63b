import { QUANTIZATIONS } from '@switchyard/contracts';
import type { CatalogueEndpoint, CatalogueModel, Price, ProviderPreferences } from '@switchyard/contracts';
import fc from 'fast-check';
import { aModel, anEndpoint } from '../../catalogue/testing/builders.js';
import { UNKNOWN_CONDITION } from '../../health/endpoint-condition.js';
import type { HealthView } from '../../health/endpoint-condition.js';
import type { RoutingInput } from '../routing.js';
import { aRequest, catalogueOf, seededRandom } from './builders.js';

const TAGS = ['a', 'b', 'b/turbo', 'c', 'c/priority', 'd', 'd/flex', 'e'];
const MODELS = ['acme/one', 'acme/two', 'acme/three'];
const PARAMETERS = ['temperature', 'tools', 'response_format', 'verbosity', 'seed'];
const modality = fc.constantFrom('text', 'image', 'audio');

const LEVELS = ['fp8', 'bf16', 'unknown'] as const;
const picos = fc.bigInt({ min: 0n, max: 4n });
const maybePicos = fc.option(picos, { nil: undefined });
const given = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Value;

const unitPrices = { request: maybePicos, image: maybePicos, audioInput: maybePicos };
const override = fc.record({
  minPromptTokens: fc.option(fc.integer({ min: 1, max: 1_500 }), { nil: undefined }),
  utcStartMinute: fc.option(fc.integer({ min: 0, max: 1_439 }), { nil: undefined }),
  prompt: maybePicos,
  completion: maybePicos,
  ...unitPrices,
});
/** Small prices of every kind, so that limits are met, missed and hit exactly. */
const conditionalPrice = fc
  .record({
    prompt: picos,
    completion: picos,
    ...unitPrices,
    discountPpm: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined }),
    overrides: fc.array(override.map(given), { maxLength: 2 }),
  })
  .map((fields): Price => ({ version: 'v1', ...given(fields) }));

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
      quantization: fc.constantFrom(...LEVELS),
      dataPolicy: fc.option(fc.record({ trains: fc.boolean(), retains: fc.boolean() })),
      price: fc.option(conditionalPrice, { nil: undefined }),
    })
    .map(({ price, ...fields }) => anEndpoint({ tag, ...fields, ...(price && { price }) }));

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

const hardPreferences = fc.oneof(
  fc.constant({}),
  fc
    .record(
      { prompt: picos, completion: picos, request: picos, image: picos, audio: picos },
      { requiredKeys: [], noNullPrototype: true },
    )
    .map((maxPrice) => ({ maxPrice })),
  fc.constantFrom({ zdr: true }, { zdr: false }),
  fc.constantFrom({ dataCollection: 'deny' as const }, { dataCollection: 'allow' as const }),
  fc.subarray([...QUANTIZATIONS]).map((quantizations) => ({ quantizations })),
  fc.boolean().map((enforceDistillableText) => ({ enforceDistillableText })),
) as fc.Arbitrary<Partial<ProviderPreferences>>;

/** Three models with whatever endpoints, and a request that may want anything of them. */
export const scenario = fc.record({
  models: fc.tuple(...MODELS.map(model)),
  asked: fc.array(fc.constantFrom(...MODELS, 'acme/one:nitro', 'acme/two:floor'), { minLength: 1, maxLength: 4 }),
  provider: preferences,
  hard: hardPreferences,
  minute: fc.integer({ min: 0, max: 1_439 }),
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
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** The input of routing that a scenario stands for. */
export function inputOf(one: Scenario): RoutingInput {
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
        ...one.hard,
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
    servedProviders: new Set(['a', 'b', 'c', 'd'].filter((provider) => !one.dead.includes(provider))),
  };
}
