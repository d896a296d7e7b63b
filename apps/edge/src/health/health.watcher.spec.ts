import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { BusModule, connectBus, ensureTopology } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { HEALTH_BUCKET, escapeKey } from '@switchyard/contracts';
import type { EndpointHealth } from '@switchyard/contracts';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { HealthModule } from './health.module.js';
import { HealthStore } from './health.store.js';

const ID = 'acme/turbo:acme/large:free';
const window = { count: 0, failures: 0, latencyMs: null, throughput: null };
const verdict = (fields: Partial<EndpointHealth> = {}): EndpointHealth => ({
  endpointId: ID,
  modelId: 'acme/large:free',
  state: 'healthy',
  ejectedUntilMs: null,
  timesEjected: 0,
  windows: { last30s: window, last5m: window, last30m: window },
  uptime: { last5m: null, last30m: null, last1d: null },
  updatedAtMs: Date.now(),
  ...fields,
});

const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil(condition, { what: condition.toString() });

describe('the verdicts of the prober, from a real broker', () => {
  let nats: TestNats;
  let prober: Bus;
  let edge: TestingModule;
  let store: HealthStore;
  const state = () => store.conditionOf(ID, store.nowMs()).state;
  const put = (health: EndpointHealth | string) =>
    prober.kv.put(HEALTH_BUCKET, escapeKey(ID), typeof health === 'string' ? health : JSON.stringify(health));
  const ejectedFor = (leftMs: number, updatedAtMs = Date.now()) =>
    verdict({ state: 'ejected', ejectedUntilMs: updatedAtMs + leftMs, timesEjected: 1, updatedAtMs });
  const startEdge = async () => {
    edge = await Test.createTestingModule({
      imports: [BusModule.forRoot({ servers: nats.url, name: 'edge' }), HealthModule],
    }).compile();
    edge.useLogger(false);
    await edge.init();
    store = edge.get(HealthStore);
  };

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    prober = await connectBus({ servers: nats.url, name: 'prober' });
  }, 60_000);
  beforeEach(startEdge, 30_000);
  afterEach(() => edge.close(), 30_000);
  afterAll(async () => {
    await prober.close();
    await nats.stop();
  }, 60_000);

  it('count at once, and no more when the entry is deleted', async () => {
    await put(ejectedFor(60_000));
    await until(() => state() === 'ejected');
    await prober.kv.delete(HEALTH_BUCKET, escapeKey(ID));
    await until(() => state() === 'healthy');
  });

  it('are known to an edge that starts later, with their age taken off', async () => {
    await put(ejectedFor(30_000, Date.now() - 60_000));
    await edge.close();
    await startEdge();
    await until(() => state() === 'half_open');
    await put(ejectedFor(200_000, Date.now() - 60_000));
    await edge.close();
    await startEdge();
    await until(() => state() === 'ejected');
  });

  it('count by the difference of the times of the prober, whose clock may be days off', async () => {
    await put(verdict());
    await until(() => store.healthOf(ID) !== null);
    await put(ejectedFor(60_000, Date.now() - 86_400_000));
    await until(() => state() === 'ejected');
  });

  it('stay as they were when an entry is broken', async () => {
    await put(ejectedFor(60_000));
    await until(() => state() === 'ejected');
    for (const broken of [
      '{',
      '{}',
      JSON.stringify(verdict({ endpointId: 'another' })),
      JSON.stringify({ ...verdict(), windows: 1 }),
    ])
      await put(broken);
    await prober.kv.put(HEALTH_BUCKET, escapeKey('marker'), JSON.stringify(verdict({ endpointId: 'marker' })));
    await until(() => store.healthOf('marker') !== null);
    expect(state()).toBe('ejected');
  });

  it('survive a restart of the broker, which tells them again', async () => {
    await put(verdict());
    await until(() => store.healthOf(ID) !== null);
    await put(ejectedFor(60_000, Date.now() - 86_400_000));
    await until(() => state() === 'ejected');
    await nats.kill9();
    expect(state()).toBe('ejected');
    await nats.start();
    const marker = `marker-${randomUUID()}`;
    await prober.kv.put(HEALTH_BUCKET, marker, JSON.stringify(verdict({ endpointId: marker })));
    await until(() => store.healthOf(marker) !== null);
    expect(state()).toBe('ejected');
    await put(verdict());
    await until(() => state() === 'healthy');
  }, 60_000);
});
