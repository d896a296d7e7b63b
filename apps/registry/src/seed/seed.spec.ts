import { createDataSource } from '@switchyard/database';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { CatalogueRepository } from '../catalogue/catalogue.repository.js';
import { ENTITIES, SCHEMA } from '../schema.js';
import { aModel } from '../testing/builders.js';
import { startRegistry, type RegistryHarness } from '../testing/registry-harness.js';
import { assemble } from './assemble.js';
import { readDataFiles } from './read-data.js';
import { seedCatalogue } from './seed-catalogue.js';

const TABLES = ['author', 'provider', 'model', 'endpoint', 'price', 'catalogue_change'];
const MODEL = {
  id: 'acme/one',
  canonicalSlug: 'acme/one-1',
  name: 'Acme: One',
  author: 'acme',
  created: 1,
  contextLength: 1000,
  maxCompletionTokens: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
};
const ENDPOINT = {
  model: 'acme/one',
  provider: 'acme',
  tag: 'acme',
  upstreamModel: 'one',
  contextLength: 1000,
  maxCompletionTokens: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
  supportedParameters: [],
  pricing: { prompt: '0.000001', completion: '0.000002' },
};
const FILE = {
  source: 'test',
  date: '2026-11-01',
  authors: [{ slug: 'acme', name: 'Acme' }],
  providers: [{ id: 'acme', name: 'Acme Cloud' }],
  models: [MODEL],
  endpoints: [ENDPOINT],
};

describe('seeding the catalogue', () => {
  let registry: RegistryHarness;
  let sql: pg.Client;
  let dataSource: DataSource;
  let catalogue: CatalogueRepository;
  let directory: string;

  const seed = (options: { sandbox?: boolean; force?: boolean; localModels?: string; directory?: string } = {}) =>
    seedCatalogue({ databaseUrl: registry.databaseUrl, sandbox: false, force: false, ...options });
  const seedFile = (content: unknown, options: { force?: boolean } = {}) => {
    writeFileSync(path.join(directory, 'test.json'), typeof content === 'string' ? content : JSON.stringify(content));
    return seed({ directory, ...options });
  };
  const rowsOf = async () => {
    const tables = await Promise.all(TABLES.map((table) => sql.query(`SELECT * FROM ${table} ORDER BY 1, 2`)));
    return tables.map(({ rows }) => rows);
  };
  const priceOf = async (id: string) => (await catalogue.find(id))?.model.endpoints[0]?.price;

  beforeAll(async () => {
    registry = await startRegistry();
    sql = new pg.Client({ connectionString: registry.ownerUrl });
    await sql.connect();
    await sql.query('SET search_path = registry');
    dataSource = createDataSource({
      url: registry.databaseUrl,
      schema: SCHEMA,
      entities: ENTITIES,
      applicationName: 'test',
    });
    await dataSource.initialize();
    catalogue = new CatalogueRepository(dataSource);
    directory = mkdtempSync(path.join(tmpdir(), 'switchyard-data-'));
  }, 120_000);

  afterAll(async () => {
    await dataSource?.destroy();
    await sql?.end();
    await registry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  describe('from the project’s own data', () => {
    it('gives at least 350 models and 1,000 endpoints, and the same rows when it is done twice', async () => {
      const first = await seed();
      expect(first.data.written).toBeGreaterThanOrEqual(350);
      const counts = await catalogue.count();
      expect(counts.endpoints).toBeGreaterThanOrEqual(1000);
      const rows = await rowsOf();
      await expect(seed()).resolves.toMatchObject({
        data: { written: 0, removed: 0, unchanged: first.data.written },
        local: { written: 0, removed: 0 },
      });
      await expect(rowsOf()).resolves.toEqual(rows);
    }, 180_000);

    it('serves nothing at a price of zero that is not called free', async () => {
      const { rows } = await sql.query<{ endpoint_id: string }>(
        `SELECT endpoint_id FROM price JOIN endpoint ON endpoint.id = endpoint_id
          WHERE (price ->> 'prompt' = '0' OR price ->> 'completion' = '0') AND NOT output_modalities && '{embeddings,rerank,speech,transcription}'`,
      );
      expect(rows.length).toBeGreaterThan(0);
      const unexpected = rows.filter(
        ({ endpoint_id: id }) => !id.endsWith(':free') && id !== 'openrouter:openrouter/free',
      );
      expect(unexpected).toEqual([]);
    });

    it('takes money for every job, by the token, the request, the character or the second', async () => {
      const { rows } = await sql.query<{ endpoint_id: string; prices: (string | null)[] }>(
        `SELECT endpoint_id, ARRAY[price ->> 'prompt', price ->> 'request', price ->> 'character', price ->> 'second'] AS prices
           FROM price JOIN endpoint ON endpoint.id = endpoint_id
          WHERE output_modalities && '{embeddings,rerank,speech,transcription}'`,
      );
      expect(rows.length).toBeGreaterThanOrEqual(15);
      expect(rows.filter(({ prices }) => prices.every((price) => (price ?? '0') === '0'))).toEqual([]);
    });

    it('has the sandbox only where it is asked for', async () => {
      await expect(catalogue.find('sandbox/echo')).resolves.toBeNull();
      await seed({ sandbox: true });
      const { rows } = await sql.query<{ id: string; name: string }>(
        "SELECT id, name FROM model WHERE author = 'sandbox' ORDER BY id",
      );
      expect(rows.map(({ id }) => id)).toEqual([
        'sandbox/claude-style',
        'sandbox/draw',
        'sandbox/echo',
        'sandbox/echo:free',
        'sandbox/embed',
        'sandbox/gemini-style',
        'sandbox/hear',
        'sandbox/listen',
        'sandbox/paint',
        'sandbox/reasoning',
        'sandbox/rerank',
        'sandbox/slow',
        'sandbox/speak',
        'sandbox/tools',
        'sandbox/vision',
        'sandbox/voice',
      ]);
      expect(rows.every(({ name }) => name.startsWith('Sandbox'))).toBe(true);
      await expect(priceOf('sandbox/echo')).resolves.toMatchObject({
        prompt: 1_000_000n,
        completion: 4_000_000n,
        cacheRead: 100_000n,
      });
      await expect(seed()).resolves.toMatchObject({ data: { removed: rows.length } });
      await expect(catalogue.find('sandbox/echo')).resolves.toMatchObject({ removed: true });
    }, 120_000);
  });

  describe('from a file that changes', () => {
    beforeAll(() => seedFile(FILE));

    it('removes what the file no longer names, and brings it back', async () => {
      await expect(seedFile({ ...FILE, models: [], endpoints: [] })).resolves.toMatchObject({ data: { removed: 1 } });
      await expect(catalogue.find('acme/one')).resolves.toMatchObject({ removed: true });
      await expect(seedFile(FILE)).resolves.toMatchObject({ data: { written: 1 } });
      await expect(catalogue.find('acme/one')).resolves.toMatchObject({ removed: false });
    });

    it('writes a new price row for a new price, and none for a new date', async () => {
      const versions = async () =>
        (await sql.query("SELECT version FROM price WHERE endpoint_id = 'acme:acme/one'")).rowCount;
      const before = (await versions()) ?? 0;
      await expect(seedFile({ ...FILE, date: '2026-11-02' })).resolves.toMatchObject({ data: { written: 0 } });
      await seedFile({
        ...FILE,
        endpoints: [{ ...ENDPOINT, pricing: { prompt: '0.000003', completion: '0.000002' } }],
      });
      await expect(versions()).resolves.toBe(before + 1);
      await expect(priceOf('acme/one')).resolves.toMatchObject({ prompt: 3_000_000n });
      await seedFile(FILE);
      await expect(priceOf('acme/one')).resolves.toMatchObject({ prompt: 1_000_000n });
    });

    it.each<[string, unknown, string]>([
      ['is no JSON', '{"models": [', 'test.json: '],
      ['has a word that nobody knows', { ...FILE, endpoint: [] }, 'test.json: '],
      [
        'misses a price',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '0.1' } }] },
        'test.json: endpoints[0].pricing',
      ],
      [
        'has a negative price',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '-1', completion: '-1' } }] },
        'test.json: endpoints[0].pricing',
      ],
      [
        'has a number for a price',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: 0.1, completion: '1' } }] },
        'test.json: endpoints[0].pricing.prompt',
      ],
      [
        'has a price of zero',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '0', completion: '0' } }] },
        'test.json: endpoints[0].price.prompt: is zero',
      ],
      [
        'has a price in dollars per million',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '3', completion: '15' } }] },
        'test.json: endpoints[0].price.prompt: is over',
      ],
      [
        'has a price that jumps',
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '0.00001', completion: '0.000002' } }] },
        'test.json: endpoints[0].price.prompt: jumps tenfold',
      ],
      ...(
        [
          ['a price of 1e30', { prompt: '1e30', completion: '0.1' }, '.pricing: the price prompt is not a decimal'],
          [
            'a misspelt unit',
            { prompt: '0.1', completion: '0.1', input_cache_reed: '0.1' },
            '.pricing.input_cache_reed',
          ],
          ['all of it taken off', { ...ENDPOINT.pricing, discount: 1 }, '.price.discountPpm: takes all of it off'],
          [
            'a number in an override',
            { ...ENDPOINT.pricing, overrides: [{ min_prompt_tokens: 9, prompt: 0.1 }] },
            '.pricing.overrides[0].prompt: is no condition',
          ],
          [
            'a zero in a service tier',
            { ...ENDPOINT.pricing, service_tiers: { flex: { prompt: '0' } } },
            '.price.serviceTiers.flex.prompt: is zero',
          ],
          [
            'a service tier in dollars per million',
            { ...ENDPOINT.pricing, service_tiers: { priority: { overrides: [{ prompt: '3' }] } } },
            '.price.serviceTiers.priority.overrides[0].prompt: is over',
          ],
          [
            'a service tier that nobody knows',
            { ...ENDPOINT.pricing, service_tiers: { turbo: { prompt: '0.1' } } },
            '.pricing.service_tiers',
          ],
        ] as const
      ).map(([what, pricing, message]): [string, unknown, string] => [
        `has ${what}`,
        { ...FILE, endpoints: [{ ...ENDPOINT, pricing }] },
        `test.json: endpoints[0]${message}`,
      ]),
      [
        'names no such provider',
        { ...FILE, providers: [] },
        'test.json: endpoints[0].provider: there is no provider acme',
      ],
      ['names no such model', { ...FILE, models: [] }, 'test.json: endpoints[0].model: there is no model acme/one'],
      ['names a model twice', { ...FILE, models: [MODEL, MODEL] }, 'test.json: models[1].id: acme/one is there twice'],
      [
        'names an endpoint twice',
        { ...FILE, endpoints: [ENDPOINT, ENDPOINT] },
        'test.json: endpoints[1].id: is there twice',
      ],
    ])('takes nothing of a file that %s, and says where', async (_, content, message) => {
      const before = await rowsOf();
      const second = { ...MODEL, id: 'acme/innocent' };
      writeFileSync(
        path.join(directory, 'innocent.json'),
        JSON.stringify({ ...FILE, authors: [], providers: [], models: [second], endpoints: [] }),
      );
      await expect(seedFile(content)).rejects.toThrow(message);
      rmSync(path.join(directory, 'innocent.json'));
      await expect(rowsOf()).resolves.toEqual(before);
    });

    it('minds a jump in the row of a long prompt and of a service tier as well', async () => {
      const priced = (override: string, flex: string) => {
        const rows = {
          overrides: [{ min_prompt_tokens: 9, prompt: override }],
          service_tiers: { flex: { prompt: flex } },
        };
        return { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { ...ENDPOINT.pricing, ...rows } }] };
      };
      await seedFile(priced('0.000002', '0.0000005'));
      await expect(seedFile(priced('0.00002', '0.0000005'))).rejects.toThrow('.overrides[0].prompt: jumps tenfold');
      await expect(seedFile(priced('0.000002', '0.00000005'))).rejects.toThrow('.serviceTiers.flex.prompt: jumps');
      await expect(priceOf('acme/one')).resolves.toMatchObject({ serviceTiers: { flex: { prompt: 500_000n } } });
      await seedFile(FILE);
    });

    it('takes a tenfold jump that is meant', async () => {
      const dear = { ...FILE, endpoints: [{ ...ENDPOINT, pricing: { prompt: '0.00001', completion: '0.00002' } }] };
      await expect(seedFile(dear, { force: true })).resolves.toMatchObject({ data: { written: 1 } });
      await expect(priceOf('acme/one')).resolves.toMatchObject({ prompt: 10_000_000n });
    });

    it('leaves alone what an operator put or took out', async () => {
      const put = { ...aModel('acme/one', { name: 'By hand', endpoint: { provider: 'acme', tag: 'acme' } }) };
      await catalogue.inTransaction((manager) =>
        catalogue.put(manager, put, { source: 'operator', validFrom: null, ignoreVersions: false }),
      );
      await expect(seedFile(FILE)).resolves.toMatchObject({ data: { written: 0, kept: 1 } });
      await expect(catalogue.find('acme/one')).resolves.toMatchObject({ model: { name: 'By hand' } });
      await catalogue.inTransaction((manager) => catalogue.remove(manager, 'acme/one', 'operator'));
      await seedFile(FILE);
      await expect(catalogue.find('acme/one')).resolves.toMatchObject({ removed: true });
    });
  });

  describe('models of a self-hosted server', () => {
    const local = (models: unknown) => JSON.stringify({ models });

    it('come out of a small file, and go with it', async () => {
      const models = [
        { id: 'local/llama-3.1-8b', upstreamModel: 'llama3.1:8b', contextLength: 131_072, free: true },
        { id: 'local/dear', contextLength: 8_192, pricing: { prompt: '0.000001', completion: '0.000002' } },
      ];
      await expect(seed({ directory, localModels: local(models) })).resolves.toMatchObject({ local: { written: 2 } });
      await expect(catalogue.find('local/llama-3.1-8b')).resolves.toMatchObject({
        model: {
          endpoints: [
            {
              id: 'local:local/llama-3.1-8b',
              provider: 'local',
              providerName: 'Local',
              upstreamModel: 'llama3.1:8b',
              price: { prompt: 0n, completion: 0n },
            },
          ],
        },
      });
      await expect(catalogue.find('local/dear')).resolves.toMatchObject({
        model: { endpoints: [{ upstreamModel: 'dear' }] },
      });
      await expect(seed({ directory, localModels: local(models) })).resolves.toMatchObject({ local: { written: 0 } });
      await expect(seed({ directory })).resolves.toMatchObject({ local: { removed: 2 } });
    });

    it('need a price or the word free', async () => {
      const localModels = local([{ id: 'local/llama', contextLength: 1000 }]);
      await expect(seed({ directory, localModels })).rejects.toThrow('models[0].pricing: is missing');
    });
  });

  it('reads every data file of the project without a fault', () => {
    const files = readDataFiles({ sandbox: true });
    expect(files.every(({ content }) => content.source.length > 0 && content.date.length > 0)).toBe(true);
    const { models } = assemble(files);
    expect(new Set(models.map(({ model }) => model.id)).size).toBe(models.length);
  });

  it('keeps prose out of the data files', () => {
    const text = readFileSync(new URL('../../data/models/openrouter.json', import.meta.url), 'utf8');
    expect(text).not.toContain('description');
  });
});
