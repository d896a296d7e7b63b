import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { StreamClient } from './index.js';
import { contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, spawnWorker, until } from './testing/harness.js';
import type { WorkerProcess } from './testing/harness.js';

const EMPTY = new Uint8Array(0);

describe('streams when a worker process dies or freezes', () => {
  let nats: TestNats;
  let client: StreamClient;
  const workers: WorkerProcess[] = [];
  let number = 0;

  beforeAll(async () => {
    nats = await startNatsServer();
    client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000 });
  });

  afterAll(async () => {
    await client.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await nats.stop();
  });

  async function worker(): Promise<{ worker: WorkerProcess; provider: string }> {
    number += 1;
    const provider = `death-${number}`;
    const spawned = await spawnWorker(nats.url, provider);
    workers.push(spawned);
    return { worker: spawned, provider };
  }

  it('fails a stream within two seconds when its worker is killed before the first frame', async () => {
    const { worker: victim, provider } = await worker();
    const meta = { seed: 1, chunks: 10, bytes: 10, pauseMs: 10, headAfterMs: 60_000 };
    const opening = failureOf(client.open({ provider, meta, body: EMPTY }));
    await until(() => victim.calls.length === 1);
    const killedMs = performance.now();
    victim.child.kill('SIGKILL');
    expect((await opening).failure).toMatchObject({ code: 'worker_lost', phase: 'headers', retryable: true });
    expect(performance.now() - killedMs).toBeLessThan(2_000);
    const { failure } = await failureOf(client.open({ provider, meta, body: EMPTY }));
    expect(failure.code).toBe('worker_unavailable');
  }, 30_000);

  it('fails a running stream within three seconds when its worker is killed, after the bytes that arrived', async () => {
    const { worker: victim, provider } = await worker();
    const meta = { seed: 2, chunks: 10_000, bytes: 100, pauseMs: 5 };
    const stream = await client.open({ provider, meta, body: EMPTY });
    let received = Buffer.alloc(0);
    const reading = (async () => {
      for await (const chunk of stream) {
        received = Buffer.concat([received, chunk]);
        stream.acknowledge(chunk.length);
      }
    })();
    reading.catch(() => undefined);
    await until(() => received.length > 1_000);
    const killedMs = performance.now();
    victim.child.kill('SIGKILL');
    expect((await failureOf(reading)).failure).toMatchObject({ code: 'worker_lost', phase: 'stream' });
    expect(performance.now() - killedMs).toBeLessThan(3_000);
    expect(received.equals(contentOf(2, 10_000, 100).subarray(0, received.length))).toBe(true);
  }, 30_000);

  it('moves new calls away from a frozen worker, whose handler never runs for them when it wakes', async () => {
    const { worker: frozen, provider } = await worker();
    const meta = { seed: 3, chunks: 3, bytes: 10, pauseMs: 1 };
    await readAll(await client.open({ provider, meta, body: EMPTY }));
    const callsBefore = frozen.calls.length;
    frozen.child.kill('SIGSTOP');
    const startedMs = performance.now();
    const { failure } = await failureOf(client.open({ provider, meta, body: EMPTY }));
    // It was told to begin and may have, so this attempt is over; the next one asks first.
    expect(failure).toMatchObject({ code: 'worker_lost', phase: 'claim', retryable: true });
    const again = await failureOf(client.open({ provider, meta, body: EMPTY }));
    expect(again.failure.code).toBe('worker_unavailable');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    frozen.child.kill('SIGCONT');
    await sleep(500);
    expect(frozen.calls.length).toBe(callsBefore);
    await readAll(await client.open({ provider, meta, body: EMPTY }));
    expect(frozen.calls.length).toBe(callsBefore + 1);
  }, 30_000);

  it('gives up the streams of a worker that stays frozen, and goes on with those of one that wakes in time', async () => {
    const { worker: frozen, provider } = await worker();
    const meta = { seed: 4, chunks: 200, bytes: 100, pauseMs: 10 };
    const stream = await client.open({ provider, meta, body: EMPTY });
    const reading = readAll(stream);
    frozen.child.kill('SIGSTOP');
    await sleep(1_000);
    frozen.child.kill('SIGCONT');
    expect((await reading).equals(contentOf(4, 200, 100))).toBe(true);

    const lost = await client.open({ provider, meta: { ...meta, chunks: 100_000 }, body: EMPTY });
    const failing = failureOf(readAll(lost));
    frozen.child.kill('SIGSTOP');
    const startedMs = performance.now();
    expect((await failing).failure.code).toBe('worker_lost');
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    frozen.child.kill('SIGCONT');
  }, 60_000);

  it('lets a worker that is told to stop finish its streams, without a failed request beside it', async () => {
    const { worker: leaving, provider } = await worker();
    const meta = { seed: 5, chunks: 60, bytes: 100, pauseMs: 10 };
    const running = await Promise.all(Array.from({ length: 10 }, () => client.open({ provider, meta, body: EMPTY })));
    workers.push(await spawnWorker(nats.url, provider));
    const exited = new Promise<number | null>((resolve) => void leaving.child.once('exit', (code) => resolve(code)));
    leaving.child.kill('SIGTERM');
    const fresh: Promise<Buffer>[] = [];
    for (let index = 0; index < 30; index += 1) {
      fresh.push(
        client.open({ provider, meta: { ...meta, chunks: 5 }, body: EMPTY }).then((stream) => readAll(stream)),
      );
      await sleep(5);
    }
    for (const body of await Promise.all(running.map((stream) => readAll(stream)))) {
      expect(body.equals(contentOf(5, 60, 100))).toBe(true);
    }
    for (const body of await Promise.all(fresh)) expect(body.equals(contentOf(5, 5, 100))).toBe(true);
    expect(await exited).toBe(0);
  }, 30_000);
});
