import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { BusModule, connectBus, ensureTopology } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { ChassisModule, Health } from '@switchyard/chassis';
import { CATALOGUE_BUCKET, CatalogueModel, catalogueKey } from '@switchyard/contracts';
import { renderMetrics } from '@switchyard/telemetry';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { z } from 'zod';
import { CatalogueModule } from './catalogue.module.js';
import { CatalogueStore } from './catalogue.store.js';
import { aModel, anEndpoint } from './testing/builders.js';

const wire = (model: CatalogueModel): Record<string, unknown> => z.encode(CatalogueModel, model);

const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil(condition, { what: condition.toString() });

describe('the catalogue of an edge, from a real broker', () => {
  let nats: TestNats;
  let registry: Bus;
  let edge: TestingModule;
  let store: CatalogueStore;
  const warnings: string[] = [];

  const put = (model: CatalogueModel, value: unknown = wire(model)) =>
    registry.kv.put(
      CATALOGUE_BUCKET,
      catalogueKey(model.id),
      typeof value === 'string' ? value : JSON.stringify(value),
    );
  const nameOf = (id: string) => store.find(id)?.model.name;
  const readiness = async () => (await edge.get(Health).readiness()).checks['catalogue'];

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    registry = await connectBus({ servers: nats.url, name: 'registry' });
    edge = await Test.createTestingModule({
      imports: [ChassisModule, BusModule.forRoot({ servers: nats.url, name: 'edge' }), CatalogueModule],
    })
      .setLogger({
        log: () => undefined,
        error: (message: string) => warnings.push(message),
        warn: (message: string) => warnings.push(message),
      })
      .compile();
    await edge.init();
    edge.get(Health).markStarted();
    store = edge.get(CatalogueStore);
  }, 60_000);
  afterAll(async () => {
    await edge.close();
    await registry.close();
    await nats.stop();
  }, 60_000);

  it('is not ready while it is empty, and is once there is a model', async () => {
    await until(async () => (await readiness()) === 'the catalogue is empty');
    await put(aModel({ id: 'acme/large', name: 'first' }));
    await until(() => nameOf('acme/large') === 'first');
    expect(await readiness()).toBe('ok');
    expect(store.find('acme/large')?.endpoints[0]?.blendedPrice).toBe(1_000_000);
  });

  it('follows changes and removals without a restart', async () => {
    await put(aModel({ id: 'acme/large', name: 'second' }));
    await put(aModel({ id: 'acme/small:free', name: 'small' }));
    await until(() => nameOf('acme/large') === 'second' && nameOf('acme/small:free') === 'small');
    const { revision } = store;
    await registry.kv.delete(CATALOGUE_BUCKET, catalogueKey('acme/small:free'));
    await until(() => nameOf('acme/small:free') === undefined);
    expect(store.revision).toBeGreaterThan(revision);
    expect(store.size).toBe(1);
  });

  it.each<[string, unknown]>([
    ['not JSON', '{"id":'],
    ['not an object', 'null'],
    [
      'a price that is no integer',
      {
        ...wire(aModel({ name: 'broken' })),
        endpoints: [{ ...(wire(aModel())['endpoints'] as object), price: { prompt: '1.5' } }],
      },
    ],
    ['a missing field', { ...wire(aModel({ name: 'broken' })), canonicalSlug: undefined }],
    ['another model under this key', wire(aModel({ id: 'acme/other' }))],
    [
      'an endpoint of another model',
      wire({ ...aModel({ name: 'broken' }), endpoints: [anEndpoint({ modelId: 'acme/x' })] }),
    ],
    ['the same endpoint twice', wire(aModel({ name: 'broken', endpoints: [anEndpoint(), anEndpoint()] }))],
    ['more than a model can be', wire(aModel({ name: 'x'.repeat(500_001) }))],
  ])('keeps the last good version when an entry is broken: %s', async (_fault, value) => {
    warnings.length = 0;
    const before = store.find('acme/large');
    const rejected = await rejectedCount();
    await put(aModel({ id: 'acme/large' }), value);
    await put(aModel({ id: 'acme/marker', name: _fault }));
    await until(() => nameOf('acme/marker') === _fault);
    expect(store.find('acme/large')).toBe(before);
    expect(warnings.join()).toMatch(/acme\/large is broken, its last good version stays/);
    expect(await rejectedCount()).toBe(rejected + 1);
  });

  it('leaves out a new entry that is broken and says so', async () => {
    warnings.length = 0;
    await put(aModel({ id: 'acme/new' }), { id: 'acme/new' });
    await until(() => warnings.length > 0);
    expect(store.find('acme/new')).toBeUndefined();
    expect(warnings.join()).toContain('it is left out');
  });

  it('has after a restart of the broker what changed meanwhile', async () => {
    await put(aModel({ id: 'acme/gone' }));
    await until(() => store.find('acme/gone') !== undefined);
    await nats.kill9();
    expect(nameOf('acme/large')).toBe('second');
    await nats.start();
    await put(aModel({ id: 'acme/large', name: 'third' }));
    await registry.kv.delete(CATALOGUE_BUCKET, catalogueKey('acme/gone'));
    await until(() => nameOf('acme/large') === 'third' && store.find('acme/gone') === undefined);
  }, 60_000);

  it('goes on with what it knows when the broker has lost its disk and has a part of the catalogue back', async () => {
    await put(aModel({ id: 'acme/late', name: 'late' }));
    await until(() => nameOf('acme/late') === 'late');
    await nats.kill9();
    nats.wipe();
    await nats.start();
    await ensureTopology(nats.url);
    await put(aModel({ id: 'acme/large', name: 'again' }));
    await until(() => nameOf('acme/large') === 'again');
    expect(nameOf('acme/late')).toBe('late');
    await put(aModel({ id: 'acme/late', name: 'back' }));
    await until(() => nameOf('acme/late') === 'back');
  }, 60_000);

  async function rejectedCount(): Promise<number> {
    const line = /^switchyard_catalogue_rejected(?:_total)?(?:\{[^}]*\})? (\d+)/m.exec(await renderMetrics());
    return Number(line?.[1] ?? 0);
  }
});
