import { renderMetrics } from '@switchyard/telemetry';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { CounterMetrics } from './counter-metrics.js';
import { newCounters } from './core/ports.js';
import type { StreamCounters } from './core/ports.js';
import { StreamClient } from './index.js';
import { readAll, sleep, startWorker, until } from './testing/harness.js';
import type { TestWorker } from './testing/harness.js';

/** What a counter of the data plane stands at in the metrics of this process; 0 where it was never added to. */
async function metric(name: string): Promise<number> {
  const line = (await renderMetrics()).split('\n').find((each) => each.startsWith(`switchyard_bus_${name} `));
  return line === undefined ? 0 : Number(line.split(' ')[1]);
}

describe('the metrics of the data plane', () => {
  let nats: TestNats;
  let client: StreamClient;
  let worker: TestWorker;

  beforeEach(async () => {
    nats = await startNatsServer();
    const timers = { firstProbeMs: 100, probeMs: 100, edgeBeatMs: 200, workerBeatMs: 200 };
    client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000, timers });
    worker = await startWorker({ servers: nats.url, provider: 'sandbox', timers }, async (context) => {
      context.head(null);
      for (let number = 0; number < 10; number += 1) {
        await context.write(new Uint8Array(100));
        await sleep(300);
      }
      await context.end(null);
    });
  });

  afterEach(async () => {
    await client.close();
    await worker.close();
    await nats.stop();
  });

  it('count resumed streams and answered probes, while the process runs', async () => {
    const stream = await client.open({ provider: 'sandbox', meta: null, body: new Uint8Array(0) });
    let received = 0;
    const reading = readAll(stream, (bytes) => {
      received = bytes;
    });
    await until(() => received > 0);
    await nats.kill9();
    await sleep(300);
    await nats.start();
    expect((await reading).length).toBe(1_000);
    const { counters } = client;
    expect(counters.resumed).toBeGreaterThan(0);
    expect(counters.probesAlive).toBeGreaterThan(0);
    // The next heartbeats of both carry the last of it.
    const both = (name: keyof StreamCounters) => counters[name] + worker.strategy.counters[name];
    await waitUntil(async () => (await metric('resumes_total')) === both('resumed'), { what: 'resumes are told' });
    await waitUntil(async () => (await metric('duplicates_total')) === both('duplicates'), {
      what: 'duplicates are told',
    });
    await waitUntil(async () => (await metric('probes_total{outcome="alive"}')) === both('probesAlive'), {
      what: 'probes are told',
    });
  }, 30_000);
});

describe('CounterMetrics', () => {
  it('adds each growth once, under the name of the instrument', async () => {
    const counters = newCounters();
    const metrics = new CounterMetrics(counters);
    const names = ['late_total', 'gaps_total', 'probes_total{outcome="suspect"}', 'probes_total{outcome="dead"}'];
    const values = () => Promise.all(names.map((name) => metric(name)));
    const before = await values();
    counters.late = 4;
    counters.gaps = 2;
    counters.probesSuspect = 3;
    metrics.tell();
    metrics.tell();
    counters.gaps = 3;
    counters.probesDead = 1;
    metrics.tell();
    const after = await values();
    expect(after.map((value, index) => value - before[index]!)).toEqual([4, 3, 3, 1]);
  });
});
