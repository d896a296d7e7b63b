import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { StreamClient } from './index.js';
import type { StreamContext } from './index.js';
import { chunkOf, contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, startWorker, until } from './testing/harness.js';
import type { TestWorker } from './testing/harness.js';

const EMPTY = new Uint8Array(0);
const CHUNKS = 150;

async function stream(context: StreamContext): Promise<void> {
  const { seed } = context.meta as { seed: number };
  context.head(null);
  for (let number = 0; number < CHUNKS && !context.signal.aborted; number += 1) {
    await context.write(chunkOf(seed, number, 200));
    await sleep(15);
  }
  await context.end({ aborted: context.signal.aborted ? String(context.signal.reason) : null });
}

describe('streams when the broker goes away', () => {
  let nats: TestNats;
  let client: StreamClient;
  let worker: TestWorker;

  beforeEach(async () => {
    nats = await startNatsServer();
    const timers = { streamLostMs: 2_000 };
    client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000, timers });
    worker = await startWorker({ servers: nats.url, provider: 'sandbox', timers }, stream);
  });

  afterEach(async () => {
    await client.close();
    await worker.close();
    await nats.stop();
  });

  const open = (seed: number) => client.open({ provider: 'sandbox', meta: { seed }, body: EMPTY });

  it('pauses and completes twenty streams byte for byte over a kill -9 and a restart', async () => {
    let received = 0;
    const streams = await Promise.all(Array.from({ length: 20 }, (_, seed) => open(seed)));
    const reading = Promise.all(
      streams.map((each) =>
        readAll(each, () => {
          received += 1;
        }),
      ),
    );
    await until(() => received > 200);
    await nats.kill9();
    await sleep(300);
    await nats.start();
    const bodies = await reading;
    for (const [seed, body] of bodies.entries()) expect(body.equals(contentOf(seed, CHUNKS, 200))).toBe(true);
    for (const each of streams) expect(await each.end).toEqual({ aborted: null });
    expect(client.counters.resumed).toBeGreaterThan(0);
    expect(client.counters.violations + worker.strategy.counters.violations).toBe(0);
  }, 60_000);

  it('refuses new streams in under a second while the broker is down, and serves again after it came back', async () => {
    await nats.kill9();
    for (let tries = 0; tries < 3; tries += 1) {
      const startedMs = performance.now();
      const { failure } = await failureOf(open(1));
      expect(failure).toMatchObject({ code: 'worker_unavailable', retryable: true });
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
    await nats.start();
    await until(() => client.connected && worker.strategy.connected);
    await sleep(1_000);
    expect((await readAll(await open(1))).equals(contentOf(1, CHUNKS, 200))).toBe(true);
  }, 60_000);

  it('fails running streams as lost when the broker stays away, and stops the handler', async () => {
    const running = await open(1);
    const reading = failureOf(readAll(running));
    await sleep(100);
    await nats.kill9();
    expect((await reading).failure).toMatchObject({ code: 'stream_lost', phase: 'stream' });
    expect((await failureOf(running.end)).failure.code).toBe('stream_lost');
    await until(() => worker.strategy.inFlight === 0);
    expect(client.inFlight).toBe(0);
    await nats.start();
    await until(() => client.connected && worker.strategy.connected);
  }, 60_000);
});
