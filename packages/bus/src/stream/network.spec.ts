import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { StreamClient } from './index.js';
import type { StreamFailure } from './index.js';
import { contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, spawnWorker, until } from './testing/harness.js';
import type { WorkerProcess } from './testing/harness.js';
import { startProxy } from './testing/proxy.js';

const EMPTY = new Uint8Array(0);
/** Of an edge: two for streams and one for bodies. */
const CONNECTIONS = 3;

describe('streams on a bad network and in a blocked process', () => {
  let nats: TestNats;
  const workers: WorkerProcess[] = [];

  beforeAll(async () => {
    nats = await startNatsServer();
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await nats.stop();
  });

  it('notices a half-open connection, fails its streams in a typed way and comes back by itself', async () => {
    workers.push(await spawnWorker(nats.url, 'half-open'));
    const proxy = await startProxy(nats.port);
    const client = await StreamClient.connect({ servers: proxy.url, edgeId: 'edge', maxLagMs: 60_000 });
    const meta = { seed: 1, chunks: 100_000, bytes: 10, pauseMs: 5 };
    const running = await client.open({ provider: 'half-open', meta, body: EMPTY });
    const reading = failureOf(readAll(running));
    await sleep(100);
    expect(proxy.accepted).toBe(CONNECTIONS);
    const frozenMs = performance.now();
    proxy.freeze();
    // The broker cannot tell that nobody reads, so the call just finds no answer.
    const { failure } = await failureOf(client.open({ provider: 'half-open', meta, body: EMPTY }));
    expect(failure.code).toBe('worker_unavailable');
    expect(performance.now() - frozenMs).toBeLessThan(2_000);
    expect(['worker_lost', 'stream_lost']).toContain((await reading).failure.code);
    expect(performance.now() - frozenMs).toBeLessThan(15_000);
    // Each gives up its connection and makes another one, which may take no longer than a look at it.
    await until(() => proxy.accepted >= 2 * CONNECTIONS, 30_000);
    await until(() => client.connected, 10_000);
    const short = { ...meta, chunks: 5 };
    const again = await client.open({ provider: 'half-open', meta: short, body: EMPTY });
    expect((await readAll(again)).equals(contentOf(1, 5, 10))).toBe(true);
    await client.close();
    await proxy.close();
  }, 60_000);

  it('completes its streams over an event loop that was blocked for three seconds, without losing its connection', async () => {
    workers.push(await spawnWorker(nats.url, 'blocked'));
    const client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000 });
    const meta = { chunks: 100, bytes: 5_000, pauseMs: 10 };
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, seed) =>
        client.open({ provider: 'blocked', meta: { ...meta, seed }, body: EMPTY }),
      ),
    );
    const reading = Promise.all(streams.map((stream) => readAll(stream)));
    await sleep(100);
    const untilMs = performance.now() + 3_000;
    while (performance.now() < untilMs);
    for (const [seed, body] of (await reading).entries()) expect(body.equals(contentOf(seed, 100, 5_000))).toBe(true);
    expect(client.counters.gaps).toBe(0);
    await client.close();
  }, 60_000);

  it('finds the living worker when calls go to a frozen one, and loses one attempt to it at most', async () => {
    const [frozen, living] = [await spawnWorker(nats.url, 'pair'), await spawnWorker(nats.url, 'pair')];
    workers.push(frozen, living);
    const client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000 });
    // One heartbeat of each is enough to know them.
    await sleep(1_200);
    frozen.child.kill('SIGSTOP');
    const meta = { seed: 1, chunks: 2, bytes: 10, pauseMs: 1 };
    let lost = 0;
    for (let index = 0; index < 12; index += 1) {
      const startedMs = performance.now();
      const open = () => client.open({ provider: 'pair', meta, body: EMPTY });
      const stream = await open().catch((error: unknown) => {
        // It was told to begin, so this attempt is over for good; the next is another one.
        expect((error as StreamFailure).failure).toMatchObject({ code: 'worker_lost', phase: 'claim' });
        lost += 1;
        return open();
      });
      await readAll(stream);
      expect(performance.now() - startedMs).toBeLessThan(1_500);
    }
    expect(lost).toBeLessThanOrEqual(1);
    frozen.child.kill('SIGCONT');
    await sleep(300);
    expect(frozen.calls).toEqual([]);
    expect(living.calls.length).toBe(12);
    await client.close();
  }, 60_000);
});
