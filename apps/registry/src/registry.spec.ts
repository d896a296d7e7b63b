import {
  CATALOGUE_BUCKET,
  CatalogueModel,
  catalogueKey,
  CountCatalogue,
  GetModel,
  PutModel,
  RemoveModel,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { aModel } from './testing/builders.js';
import { startRegistry, type RegistryHarness } from './testing/registry-harness.js';

describe('the registry service', () => {
  let registry: RegistryHarness;
  let sql: pg.Client;

  const call: RegistryHarness['bus']['rpc']['call'] = (contract, request, options) =>
    registry.bus.rpc.call(contract, request, options);
  const entry = (id: string) => registry.bus.kv.get(CATALOGUE_BUCKET, catalogueKey(id));
  const atEdges = async (id: string): Promise<CatalogueModel | null> => {
    const found = await entry(id);
    return found && CatalogueModel.decode(JSON.parse(Buffer.from(found.value).toString()));
  };
  const promptAtEdges = async (id: string) => (await atEdges(id))?.endpoints[0]?.price.prompt ?? null;

  beforeAll(async () => {
    registry = await startRegistry();
    await registry.startService();
    sql = new pg.Client({ connectionString: registry.ownerUrl });
    await sql.connect();
    await sql.query('SET search_path = registry');
  }, 60_000);

  afterAll(async () => {
    await sql?.end();
    await registry?.stop();
  }, 30_000);

  describe('a model that is put', () => {
    it('is at every edge within a second, exactly as it was put', async () => {
      const model = aModel('openai/quick', {
        price: { cacheRead: 100_000n, overrides: [{ minPromptTokens: 200_000, prompt: 2_000_000n }] },
      });
      const seen = Promise.withResolvers<{ atMs: number; value: Uint8Array }>();
      const watch = await registry.bus.kv.watch(CATALOGUE_BUCKET, {
        onEntry: (key, value) =>
          key === catalogueKey(model.id) && value && seen.resolve({ atMs: performance.now(), value }),
      });
      const startedAtMs = performance.now();
      await expect(call(PutModel, { model })).resolves.toEqual({ revision: 1 });
      const { atMs, value } = await seen.promise;
      expect(atMs - startedAtMs).toBeLessThan(1_000);
      expect(CatalogueModel.decode(JSON.parse(Buffer.from(value).toString()))).toEqual(model);
      await expect(call(GetModel, { modelId: model.id })).resolves.toEqual({ model });
      await watch.stop();
    });

    it('replaces the one before as a whole, and grows in revision', async () => {
      await call(PutModel, { model: aModel('openai/whole', { endpoint: { provider: 'xai', tag: 'xai' } }) });
      const model = aModel('openai/whole', { name: 'New name' });
      await expect(call(PutModel, { model })).resolves.toEqual({ revision: 2 });
      await expect(call(GetModel, { modelId: model.id })).resolves.toEqual({ model });
    });

    it('may have characters that no key allows', async () => {
      await call(PutModel, { model: aModel('~openai/gpt-latest:thinking') });
      await waitUntil(async () => (await atEdges('~openai/gpt-latest:thinking')) !== null, { what: 'the entry' });
    });

    it.each([
      ['a zero price', aModel('openai/bad', { price: { prompt: 0n } }), 'model.endpoints[0].price.prompt is zero'],
      ['a zero cache price', aModel('openai/bad', { price: { cacheRead: 0n } }), 'price.cacheRead is zero'],
      [
        'a zero in an override',
        aModel('openai/bad', { price: { overrides: [{ minPromptTokens: 1, completion: 0n }] } }),
        'price.overrides[0].completion is zero',
      ],
      ['a price in another unit', aModel('openai/bad', { price: { completion: 10n ** 30n } }), 'another unit'],
      ['no endpoint', { ...aModel('openai/bad'), endpoints: [] }, 'model.endpoints needs at least one'],
      ['an id without an author', aModel('bad'), 'model.id must have the form'],
      ['an id with a wildcard', aModel('openai/*'), 'model.id must have the form'],
      [
        'another model’s endpoint',
        aModel('openai/bad', { endpoint: { modelId: 'openai/other' } }),
        'endpoints[0].modelId',
      ],
      ['a tag of another provider', aModel('openai/bad', { endpoint: { tag: 'xai' } }), 'endpoints[0].tag'],
      ['an endpoint id of its own invention', aModel('openai/bad', { endpoint: { id: 'x' } }), 'endpoints[0].id'],
    ])('is refused for %s', async (_, model, message) => {
      await expect(call(PutModel, { model })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining(message),
      });
      await expect(call(GetModel, { modelId: model.id })).resolves.toEqual({ model: null });
    });

    it('may be free when that is said', async () => {
      const model = aModel('openai/gift:free', { price: { prompt: 0n, completion: 0n } });
      await expect(call(PutModel, { model })).rejects.toMatchObject({ code: 'invalid_request' });
      await call(PutModel, { model, force: true });
      await expect(call(GetModel, { modelId: model.id })).resolves.toEqual({ model });
    });
  });

  describe('a price', () => {
    it.each([
      ['ten times', 10_000_000n],
      ['a tenth of', 100_000n],
    ])('that is %s the one before is refused, unless it is meant', async (_, prompt) => {
      const id = `openai/jump-${prompt}`;
      await call(PutModel, { model: aModel(id) });
      await waitUntil(async () => (await entry(id)) !== null, { what: 'the first price' });
      const model = aModel(id, { price: { version: 'v2', prompt } });
      await expect(call(PutModel, { model })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('jumps tenfold'),
      });
      await sleep(100);
      await expect(promptAtEdges(id)).resolves.toBe(1_000_000n);
      await call(PutModel, { model, force: true });
      await waitUntil(async () => (await promptAtEdges(id)) === prompt, { what: 'the new price' });
    });

    it('cannot reuse the version of another', async () => {
      await call(PutModel, { model: aModel('openai/version') });
      await expect(
        call(PutModel, { model: aModel('openai/version', { price: { prompt: 2_000_000n } }) }),
      ).rejects.toMatchObject({ code: 'conflict' });
    });

    it('is a new row; the old rows cannot be changed by anybody', async () => {
      await call(PutModel, { model: aModel('openai/rows') });
      await call(PutModel, { model: aModel('openai/rows', { name: 'Same price' }) });
      await call(PutModel, { model: aModel('openai/rows', { price: { version: 'v2', prompt: 2_000_000n } }) });
      const { rows } = await sql.query<{ version: string }>(
        "SELECT version FROM price WHERE endpoint_id = 'openai:openai/rows' ORDER BY id",
      );
      expect(rows).toEqual([{ version: 'v1' }, { version: 'v2' }]);
      await expect(sql.query("UPDATE price SET version = 'x'")).rejects.toThrow('immutable');
      await expect(sql.query('DELETE FROM price')).rejects.toThrow('immutable');
    });

    it('takes effect when it begins, without anybody doing anything', async () => {
      const id = 'openai/tomorrow';
      await call(PutModel, { model: aModel(id) });
      await waitUntil(async () => (await entry(id)) !== null, { what: 'the first price' });
      const validFrom = new Date(Date.now() + 2_000).toISOString();
      await call(PutModel, { model: aModel(id, { price: { version: 'v2', prompt: 2_000_000n } }), validFrom });
      await sleep(500);
      await expect(promptAtEdges(id)).resolves.toBe(1_000_000n);
      await waitUntil(async () => (await promptAtEdges(id)) === 2_000_000n, { what: 'the new price' });
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(validFrom));
    });

    it('that is the first of an endpoint keeps it from being served until it begins', async () => {
      const id = 'openai/preview';
      const validFrom = new Date(Date.now() + 1_500).toISOString();
      await call(PutModel, { model: aModel(id), validFrom });
      await sleep(500);
      await expect(entry(id)).resolves.toBeNull();
      await waitUntil(async () => (await promptAtEdges(id)) === 1_000_000n, { what: 'the first price' });
    });
  });

  it('takes a model out, and says so only once', async () => {
    await call(PutModel, { model: aModel('openai/gone') });
    await waitUntil(async () => (await entry('openai/gone')) !== null, { what: 'the entry' });
    await expect(call(RemoveModel, { modelId: 'openai/gone' })).resolves.toEqual({ removed: true });
    await expect(call(RemoveModel, { modelId: 'openai/gone' })).resolves.toEqual({ removed: false });
    await expect(call(RemoveModel, { modelId: 'never/was' })).resolves.toEqual({ removed: false });
    await waitUntil(async () => (await entry('openai/gone')) === null, { what: 'no entry' });
    await expect(call(GetModel, { modelId: 'openai/gone' })).resolves.toEqual({ model: null });
    await call(PutModel, { model: aModel('openai/gone') });
    await waitUntil(async () => (await entry('openai/gone')) !== null, { what: 'the entry again' });
  });

  it('counts what is served', async () => {
    const before = await call(CountCatalogue, {});
    await call(PutModel, {
      model: aModel('counted-author/one', { endpoint: { provider: 'counted', tag: 'counted' } }),
    });
    await expect(call(CountCatalogue, {})).resolves.toEqual({
      models: before.models + 1,
      endpoints: before.endpoints + 1,
      providers: before.providers + 1,
      authors: before.authors + 1,
    });
  });

  describe('the bucket', () => {
    it('is put right at the start: adds, changes, removes, and leaves alone what is right', async () => {
      await call(PutModel, { model: aModel('openai/kept') });
      await call(PutModel, { model: aModel('openai/missing') });
      await call(PutModel, { model: aModel('openai/damaged') });
      await waitUntil(async () => (await entry('openai/damaged')) !== null, { what: 'the entries' });
      const kept = await entry('openai/kept');
      await registry.bus.kv.delete(CATALOGUE_BUCKET, catalogueKey('openai/missing'));
      await registry.bus.kv.put(CATALOGUE_BUCKET, catalogueKey('openai/damaged'), '{"broken');
      await registry.bus.kv.put(CATALOGUE_BUCKET, 'stranger/model', '{}');
      const second = await registry.startService();
      await waitUntil(async () => (await registry.bus.kv.get(CATALOGUE_BUCKET, 'stranger/model')) === null, {
        what: 'the stranger to go',
      });
      await expect(promptAtEdges('openai/missing')).resolves.toBe(1_000_000n);
      await expect(promptAtEdges('openai/damaged')).resolves.toBe(1_000_000n);
      expect((await entry('openai/kept'))?.revision).toBe(kept?.revision);
      await second.close();
    });

    it('gets what changed while the broker was away', async () => {
      await registry.nats.kill9();
      await sql.query("INSERT INTO catalogue_change (model_id) VALUES ('openai/kept')");
      await sql.query("UPDATE model SET name = 'Renamed while away' WHERE id = 'openai/kept'");
      await sleep(1_200);
      await registry.nats.start();
      await waitUntil(async () => (await atEdges('openai/kept').catch(() => null))?.name === 'Renamed while away', {
        what: 'the change',
        timeoutMs: 20_000,
      });
    }, 40_000);

    it('is compared with the catalogue when the broker comes back', async () => {
      await registry.bus.kv.put(CATALOGUE_BUCKET, 'stranger/model', '{}');
      await registry.nats.kill9();
      await registry.nats.start();
      await waitUntil(
        async () => (await registry.bus.kv.get(CATALOGUE_BUCKET, 'stranger/model').catch(() => 'away')) === null,
        { what: 'the stranger to go', timeoutMs: 20_000 },
      );
    }, 40_000);
  });
});
