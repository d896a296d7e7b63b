import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { BusModule, connectBus, ensureTopology } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { HEALTH_HISTORY_BUCKET, escapeKey } from '@switchyard/contracts';
import type { EndpointHistory } from '@switchyard/contracts';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { HistoryStore } from './history.store.js';
import { HistoryWatcher } from './history.watcher.js';

const historyOf = (endpointId: string): EndpointHistory => ({
  endpointId,
  modelId: 'acme/large:free',
  stepMs: 900_000,
  steps: [[2_000_000, 5, 1, 0, 0]],
  updatedAtMs: 0,
});

describe('the history of endpoints from a real broker', () => {
  let nats: TestNats;
  let prober: Bus;
  let edge: TestingModule;
  let store: HistoryStore;

  const put = (endpointId: string, value: unknown) =>
    prober.kv.put(HEALTH_HISTORY_BUCKET, escapeKey(endpointId), JSON.stringify(value));

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    prober = await connectBus({ servers: nats.url, name: 'prober' });
    await put('a:acme/large:free', historyOf('a:acme/large:free'));
    edge = await Test.createTestingModule({
      imports: [BusModule.forRoot({ servers: nats.url, name: 'edge' })],
      providers: [HistoryStore, HistoryWatcher],
    }).compile();
    edge.useLogger(false);
    await edge.init();
    store = edge.get(HistoryStore);
  }, 60_000);
  afterAll(async () => {
    await edge.close();
    await prober.close();
    await nats.stop();
  }, 60_000);

  it('is there from the start, follows changes, and passes over what is broken', async () => {
    await waitUntil(() => store.of('a:acme/large:free') !== null, { what: 'what was there' });
    await put('broken', { endpointId: 7 });
    await put('b:acme/large', historyOf('b:acme/large'));
    await waitUntil(() => store.of('b:acme/large') !== null, { what: 'what came later' });
    expect(store.of('a:acme/large:free')).toEqual(historyOf('a:acme/large:free'));
    expect(store.of('broken')).toBeNull();
    await prober.kv.delete(HEALTH_HISTORY_BUCKET, escapeKey('b:acme/large'));
    await waitUntil(() => store.of('b:acme/large') === null, { what: 'the removal' });
  }, 60_000);
});
