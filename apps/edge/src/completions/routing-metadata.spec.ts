import { GatewayError, MAX_NAMED_ENDPOINTS } from '@switchyard/contracts';
import type { Attempt } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { strategyOf } from '../routing/strategy.js';
import { aRequest } from '../routing/testing/builders.js';
import { asksMetadata } from './metadata-asked.js';
import { routingMetadata, tellRouting } from './routing-metadata.js';
import type { RoutingStory } from './routing-metadata.js';

const model = aModel({ endpoints: [anEndpoint({ tag: 'acme' }), anEndpoint({ tag: 'other' })] });
const candidates = model.endpoints.map((endpoint) => ({ endpoint, model, reason: 'price_weighted' as const }));

const anAttempt = (fields: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  endpointId: model.endpoints[0]!.id,
  provider: 'acme',
  providerName: 'Acme',
  model: model.id,
  reason: 'price_weighted',
  outcome: 'failed',
  status: null,
  errorCode: null,
  worker: null,
  upstreamId: null,
  startedAtMs: 0,
  headersMs: null,
  firstTokenMs: null,
  totalMs: 0,
  ...fields,
});

const aStory = (fields: Partial<RoutingStory> = {}): RoutingStory => ({
  request: aRequest(),
  candidates,
  verdicts: [
    ...candidates.map(({ endpoint, reason }) => ({ endpointId: endpoint.id, kept: true, reason })),
    { endpointId: 'dear:acme/large', kept: false, reason: 'max_price' },
    { endpointId: 'dearer:acme/large', kept: false, reason: 'max_price' },
    { endpointId: 'nosy:acme/large', kept: false, reason: 'data_policy:zdr' },
  ],
  attempts: [],
  ...fields,
});

describe('what a client is told of its routing', () => {
  it('names the endpoints that were left and counts the others by what left them out', () => {
    const attempt = anAttempt();
    expect(routingMetadata(aStory({ attempts: [attempt] }), attempt)).toEqual({
      requested: 'acme/large',
      strategy: 'direct',
      region: null,
      summary: 'available=2, selected=Acme',
      attempt: 1,
      is_byok: false,
      endpoints: {
        total: 5,
        available: [
          { provider: 'Acme', model: 'acme/large', selected: true, endpoint_id: 'acme:acme/large' },
          { provider: 'Other', model: 'acme/large', selected: false, endpoint_id: 'other:acme/large' },
        ],
        excluded_by: [
          { reason: 'max_price', count: 2 },
          { reason: 'data_policy:zdr', count: 1 },
        ],
      },
      attempts: [
        {
          provider: 'Acme',
          model: 'acme/large',
          status: 200,
          endpoint_id: 'acme:acme/large',
          reason: 'price_weighted',
          error_code: null,
        },
      ],
      dropped_params: [],
      stripped_reasoning: 0,
    });
  });

  it('tells attempts that failed with the status of the provider, or of our error where it never answered', () => {
    const failed = anAttempt({ status: 500, errorCode: 'upstream_error' });
    const unreachable = anAttempt({ number: 2, errorCode: 'upstream_unreachable' });
    const running = anAttempt({ number: 3 });
    const serving = anAttempt({ number: 4, strippedReasoning: 2, droppedParameters: ['seed'] });
    const told = routingMetadata(aStory({ attempts: [failed, unreachable, running, serving] }), serving);
    expect(told.attempts.map(({ status, error_code }) => [status, error_code])).toEqual([
      [500, 'upstream_error'],
      [502, 'upstream_unreachable'],
      [200, null],
    ]);
    expect(told).toMatchObject({ attempt: 4, dropped_params: ['seed'], stripped_reasoning: 2 });
  });

  it('has no attempt and nothing selected when nobody was called', () => {
    const told = routingMetadata(aStory({ candidates: [] }), null);
    expect(told).toMatchObject({ attempt: 0, attempts: [], summary: 'available=0', endpoints: { available: [] } });
  });

  it('names a bounded number of endpoints', () => {
    const many = Array.from({ length: 300 }, () => candidates[0]!);
    expect(routingMetadata(aStory({ candidates: many }), null).endpoints.available).toHaveLength(MAX_NAMED_ENDPOINTS);
  });

  it('stands beside a copy of the error, only for who asked, and never beside a fault of ours', () => {
    const error = new GatewayError('no_endpoints', { message: 'None.', metadata: { a: 1 }, retryAfterMs: 5 });
    const told = tellRouting(error, { ...aStory(), tellsRouting: true });
    expect(told).not.toBe(error);
    expect(told).toMatchObject({ code: 'no_endpoints', message: 'None.', metadata: { a: 1 }, retryAfterMs: 5 });
    expect(told.routing).toMatchObject({ requested: 'acme/large' });
    expect(error.routing).toBeUndefined();
    expect(tellRouting(error, aStory())).toBe(error);
    const fault = new GatewayError('internal');
    expect(tellRouting(fault, { ...aStory(), tellsRouting: true })).toBe(fault);
  });
});

describe('the strategy', () => {
  it.each([
    [['acme/large'], 'acme/large', 'direct'],
    [['acme/large:nitro'], 'acme/large', 'direct'],
    [['acme/large-latest'], 'acme/large', 'alias'],
    [['acme/large', 'acme/small'], 'acme/large', 'fallback'],
    [['~acme/large-latest'], 'acme/large', 'latest'],
    [['switchyard/auto'], 'acme/large', 'auto'],
    [['openrouter/free'], 'acme/large:free', 'free'],
    [['acme/large'], undefined, 'direct'],
    [[], undefined, 'direct'],
  ] as const)('of %j, served by %s, is %s', (requested, first, strategy) => {
    expect(strategyOf(requested, first)).toBe(strategy);
  });
});

describe('the header that asks', () => {
  it.each([
    [{}, false],
    [{ 'x-openrouter-metadata': 'enabled' }, true],
    [{ 'x-openrouter-metadata': 'disabled' }, false],
    [{ 'x-openrouter-experimental-metadata': 'enabled' }, true],
    [{ 'x-openrouter-metadata': 'disabled', 'x-openrouter-experimental-metadata': 'enabled' }, false],
  ])('%j: %s', (headers, asks) => {
    expect(asksMetadata(headers)).toBe(asks);
  });

  it('is refused with any other value', () => {
    expect(() => asksMetadata({ 'x-openrouter-metadata': 'yes' })).toThrow(
      'x-openrouter-metadata: must be enabled or disabled',
    );
  });
});
