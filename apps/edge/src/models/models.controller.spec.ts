import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { CatalogueModel } from '@switchyard/contracts';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { HealthStore, MonotonicClock } from '../health/health.store.js';
import { ErrorFilter } from '../http/error.filter.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { Listing, ModelShape, EndpointsShape } from './testing/shapes.js';

const DAY_S = 86_400;
const nowS = Math.floor(Date.now() / 1_000);

const models: readonly CatalogueModel[] = [
  aModel({
    id: 'acme/large',
    canonicalSlug: 'acme/large-20260101',
    name: 'Acme: Large',
    created: nowS - 10 * DAY_S,
    contextLength: 200_000,
    tokenizer: 'GPT',
    inputModalities: ['text', 'image'],
    endpoints: [
      anEndpoint({ tag: 'alpha', usdPerMillion: 3 }),
      anEndpoint({ tag: 'beta/turbo', usdPerMillion: 2, dataPolicy: { trains: false, retains: false } }),
    ],
    reasoning: { mandatory: false, efforts: ['low', 'high'], defaultEffort: 'low', maxTokens: true },
  }),
  aModel({
    id: 'acme/large:free',
    name: 'Acme: Large (free)',
    created: nowS - 5 * DAY_S,
    contextLength: 32_000,
    endpoints: [anEndpoint({ tag: 'alpha', usdPerMillion: 0, supportedParameters: ['temperature'] })],
  }),
  aModel({
    id: 'other/painter',
    author: 'other',
    name: 'Painter',
    contextLength: null,
    outputModalities: ['image'],
    endpoints: [anEndpoint({ tag: 'gamma', usdPerMillion: 50, outputModalities: ['image'] })],
  }),
  aModel({ id: 'other/unserved', endpoints: [] }),
];

describe('the public catalogue over HTTP', () => {
  let app: NestFastifyApplication;
  let base: string;
  let catalogue: CatalogueStore;
  let health: HealthStore;

  const get = async (path: string): Promise<{ status: number; body: unknown; contentType: string | null }> => {
    const response = await fetch(`${base}${path}`);
    return { status: response.status, body: await response.json(), contentType: response.headers.get('content-type') };
  };
  const list = async (query = ''): Promise<readonly string[]> => {
    const { status, body } = await get(`/api/v1/models${query}`);
    expect(status).toBe(200);
    const listing = Listing.parse(body);
    expect(listing.total_count).toBeGreaterThanOrEqual(listing.data.length);
    return listing.data.map(({ id }) => id);
  };

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      controllers: [ModelsController],
      providers: [MonotonicClock, HealthStore, CatalogueStore, ModelsService],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useLogger(false);
    app.useGlobalFilters(new ErrorFilter());
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
    catalogue = app.get(CatalogueStore);
    health = app.get(HealthStore);
    for (const model of models) catalogue.put(model);
  }, 30_000);
  afterAll(() => app.close());

  it('lists models that give text, with every field that OpenRouter’s clients ask for', async () => {
    const { body, contentType } = await get('/api/v1/models');
    expect(contentType).toBe('application/json; charset=utf-8');
    const listing = Listing.strict().parse(body);
    expect(listing).toMatchObject({ total_count: 2, links: { next: null } });
    expect(listing.data[0]).toMatchObject({
      id: 'acme/large',
      canonical_slug: 'acme/large-20260101',
      architecture: { modality: 'text+image->text', tokenizer: 'GPT' },
      pricing: { prompt: '0.000002', completion: '0.000002' },
      supported_parameters: ['max_tokens', 'response_format', 'temperature', 'tool_choice', 'tools'],
      reasoning: { supported_efforts: ['low', 'high'], default_effort: 'low', supports_max_tokens: true },
      links: { details: '/api/v1/models/acme/large/endpoints' },
    });
    expect((await get('/v1/models')).body).toEqual(body);
  });

  it('makes the listing without parameters once, and anew when the catalogue changes', async () => {
    const service = app.get(ModelsService);
    const first = service.list({});
    expect(service.list({})).toBe(first);
    catalogue.put(aModel({ id: 'acme/new' }));
    expect(service.list({})).not.toBe(first);
    expect(await list()).toContain('acme/new');
    catalogue.remove('acme/new');
    expect(await list()).not.toContain('acme/new');
  });

  it.each([
    ['?output_modalities=all', 'acme/large acme/large:free other/painter'],
    ['?output_modalities=image', 'other/painter'],
    ['?output_modalities=image,text', 'acme/large acme/large:free other/painter'],
    ['?input_modalities=image', 'acme/large'],
    ['?input_modalities=text', 'acme/large acme/large:free'],
    ['?supported_parameters=tools', 'acme/large'],
    ['?supported_parameters=temperature', 'acme/large acme/large:free'],
    ['?supported_parameters=tools,seed', ''],
    ['?q=FREE', 'acme/large:free'],
    ['?q=nothing-like-it', ''],
    ['?context=100000', 'acme/large'],
    ['?min_price=1', 'acme/large'],
    ['?max_price=1.5', 'acme/large:free'],
    ['?max_price=0', 'acme/large:free'],
    ['?min_output_price=2&max_output_price=2', 'acme/large'],
    ['?model_authors=Other&output_modalities=all', 'other/painter'],
    ['?providers=beta', 'acme/large'],
    ['?providers=Alpha,gamma', 'acme/large acme/large:free'],
    ['?arch=gpt', 'acme/large'],
    ['?zdr=true', 'acme/large'],
    ['?min_age_days=7', 'acme/large'],
    ['?max_age_days=7', 'acme/large:free'],
    ['?sort=newest', 'acme/large:free acme/large'],
    ['?sort=pricing-low-to-high', 'acme/large:free acme/large'],
    ['?sort=pricing-high-to-low&output_modalities=all', 'other/painter acme/large acme/large:free'],
    ['?sort=context-high-to-low&output_modalities=all', 'acme/large acme/large:free other/painter'],
    ['?sort=most-popular', 'acme/large acme/large:free'],
    ['?unknown=1', 'acme/large acme/large:free'],
  ])('filters and sorts: %s', async (query, expected) => {
    expect((await list(query)).join(' ')).toBe(expected);
  });

  it('sorts by what the prober measured, models without data last', async () => {
    const percentiles = (p50: number) => ({ p50, p75: p50, p90: p50, p99: p50 });
    const window = { count: 9, failures: 0, latencyMs: percentiles(100), throughput: percentiles(50) };
    health.report({
      endpointId: 'alpha:acme/large:free',
      modelId: 'acme/large:free',
      state: 'healthy',
      ejectedUntilMs: null,
      timesEjected: 0,
      windows: { last30s: window, last5m: window, last30m: window },
      uptime: { last5m: 100, last30m: 99.5, last1d: 99 },
      updatedAtMs: 0,
    });
    expect(await list('?sort=latency-low-to-high')).toEqual(['acme/large:free', 'acme/large']);
    expect(await list('?sort=throughput-high-to-low')).toEqual(['acme/large:free', 'acme/large']);
  });

  it('pages with offset and limit, and links to the next page with the same filters', async () => {
    const first = Listing.parse((await get('/api/v1/models?limit=2&output_modalities=all')).body);
    expect([first.total_count, first.data.length]).toEqual([3, 2]);
    const second = Listing.parse((await get(first.links.next!)).body);
    expect(second.data.map(({ id }) => id)).toEqual(['other/painter']);
    expect(second.links.next).toBeNull();
    expect(await list('?offset=5000')).toEqual([]);
    expect(await list('?offset=1')).toEqual(['acme/large:free']);
  });

  it.each([
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', 'ten'],
    ['limit', '1e3'],
    ['offset', '-1'],
    ['sort', 'cheapest'],
    ['output_modalities', 'smell'],
    ['input_modalities', ''],
    ['context', '1.5'],
    ['min_price', '-1'],
    ['max_price', 'NaN'],
    ['zdr', 'false'],
    ['category', 'programming'],
    ['region', 'eu'],
    ['q', 'x'.repeat(1_001)],
    ['supported_parameters', ','],
  ])('refuses %s=%s and names the parameter', async (name, value) => {
    const { status, body } = await get(`/api/v1/models?${name}=${encodeURIComponent(value)}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 400, message: expect.stringContaining(`"${name}"`) } });
  });

  it('refuses a parameter that is given twice', async () => {
    expect((await get('/api/v1/models?limit=1&limit=2')).status).toBe(400);
    expect((await get('/api/v1/models?q=a&q=b')).status).toBe(400);
  });

  it('counts models', async () => {
    expect((await get('/api/v1/models/count')).body).toEqual({ data: { count: 2 } });
    expect((await get('/api/v1/models/count?output_modalities=all')).body).toEqual({ data: { count: 3 } });
    expect((await get('/api/v1/models/count?output_modalities=x')).status).toBe(400);
  });

  it('shows one model, also by its canonical slug, with %3A and with a dynamic variant', async () => {
    for (const [path, id] of [
      ['acme/large', 'acme/large'],
      ['acme/large-20260101', 'acme/large'],
      ['acme/large%3Afree', 'acme/large:free'],
      ['acme/large:free', 'acme/large:free'],
      ['acme/large:nitro', 'acme/large'],
    ] as const)
      expect(ModelShape.parse(((await get(`/api/v1/model/${path}`)).body as { data: unknown }).data).id).toBe(id);
  });

  it('shows the endpoints of a model with their live health', async () => {
    const { body } = await get('/api/v1/models/acme/large%3Afree/endpoints');
    const { data } = EndpointsShape.parse(body);
    expect(data).toMatchObject({ id: 'acme/large:free', name: 'Acme: Large (free)' });
    expect(data.endpoints).toEqual([
      expect.objectContaining({
        name: 'Alpha | acme/large:free',
        tag: 'alpha',
        pricing: { prompt: '0', completion: '0' },
        status: 0,
        uptime_last_5m: 100,
        uptime_last_30m: 99.5,
        uptime_last_1d: 99,
        latency_last_30m: { p50: 100, p75: 100, p90: 100, p99: 100 },
        throughput_last_30m: { p50: 50, p75: 50, p90: 50, p99: 50 },
        supports_tool_choice: { auto: false, function: false, none: false, required: false },
      }),
    ]);
    for (let failure = 0; failure < 5; failure += 1) health.observe('beta/turbo:acme/large', 'failure');
    const large = EndpointsShape.parse((await get('/v1/models/acme/large/endpoints')).body).data;
    expect(large.endpoints.map(({ tag, status }) => [tag, status])).toEqual([
      ['beta/turbo', -3],
      ['alpha', 0],
    ]);
    expect(large.endpoints[0]!.supports_tool_choice).toEqual({
      auto: true,
      function: true,
      none: true,
      required: true,
    });
  });

  it('answers 404 for models that do not exist', async () => {
    for (const path of [
      'models/acme/none/endpoints',
      'model/acme/none',
      'model/acme/large%3Asparkly',
      'model/other/unserved',
      'model/__proto__/x',
      'model/%2e%2e%2f/x',
      `model/acme/${'x'.repeat(90)}`,
      'model/acme/%0a*%3E',
    ])
      expect(await get(`/api/v1/${path}`)).toMatchObject({ status: 404, body: { error: { code: 404 } } });
    expect((await get('/api/v1/models/other/unserved/endpoints')).body).toMatchObject({ data: { endpoints: [] } });
  });

  it('lists providers, and endpoints without data retention', async () => {
    const { body } = await get('/api/v1/providers');
    expect((body as { data: { slug: string; name: string }[] }).data.map(({ slug, name }) => [slug, name])).toEqual([
      ['alpha', 'Alpha'],
      ['beta', 'Beta'],
      ['gamma', 'Gamma'],
    ]);
    const zdr = (await get('/api/v1/endpoints/zdr')).body as { data: { tag: string }[] };
    expect(zdr.data.map(({ tag }) => tag)).toEqual(['beta/turbo']);
  });
});
