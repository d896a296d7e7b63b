import { connect } from '@nats-io/transport-node';
import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { StreamClient } from './index.js';
import type { StreamContext } from './index.js';
import { workerBeatSubject } from './core/subjects.js';
import { chunkOf, contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, startWorker, until } from './testing/harness.js';

const EMPTY = new Uint8Array(0);

async function stream(context: StreamContext): Promise<void> {
  const { chunks } = context.meta as { chunks: number };
  context.head(null);
  for (let number = 0; number < chunks && !context.signal.aborted; number += 1) {
    await context.write(chunkOf(1, number, 100));
    await sleep(10);
  }
  await context.end({ reason: (context.signal.reason as string | undefined) ?? null });
}

function blockFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

describe('draining and slow processes', () => {
  let nats: TestNats;

  beforeAll(async () => {
    nats = await startNatsServer();
  });

  afterAll(() => nats.stop());

  const connectEdge = (options = {}) =>
    StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000, ...options });

  it('takes no new streams, finishes the running ones, says so in its heartbeat', async () => {
    const client = await connectEdge();
    const worker = await startWorker({ servers: nats.url, provider: 'drain' }, stream);
    const spy = await connect({ servers: nats.url });
    const beats: { draining: boolean; capacity: number }[] = [];
    spy.subscribe(workerBeatSubject('drain', worker.strategy.workerId), {
      callback: (_, message) => void beats.push(message.json<{ draining: boolean; capacity: number }>()),
    });
    await spy.flush();
    const running = await client.open({ provider: 'drain', meta: { chunks: 40 }, body: EMPTY });
    const reading = readAll(running);
    const drained = worker.strategy.drain(10_000);
    const { failure } = await failureOf(client.open({ provider: 'drain', meta: { chunks: 1 }, body: EMPTY }));
    expect(['worker_busy', 'worker_unavailable']).toContain(failure.code);
    expect((await reading).equals(contentOf(1, 40, 100))).toBe(true);
    await drained;
    expect(worker.strategy.inFlight).toBe(0);
    await until(() => beats.some(({ draining }) => draining));
    await spy.close();
    await worker.close();
    await client.close();
  });

  it('aborts what still runs at the deadline, and the handler has the last word', async () => {
    const client = await connectEdge();
    const worker = await startWorker({ servers: nats.url, provider: 'deadline' }, stream);
    const running = await client.open({ provider: 'deadline', meta: { chunks: 100_000 }, body: EMPTY });
    const reading = readAll(running);
    await worker.strategy.drain(200);
    await reading;
    expect(await running.end).toEqual({ reason: 'drain' });
    await worker.close();
    await client.close();
  });

  it('cancels the streams of an edge whose heartbeat is missing three times', async () => {
    const timers = { edgeBeatMs: 100 };
    const reasons: unknown[] = [];
    // The edge beats every two seconds, the worker expects a beat every tenth of one: as good as dead.
    const client = await connectEdge();
    const worker = await startWorker({ servers: nats.url, provider: 'edge-death', timers }, async (context) => {
      context.head(null);
      while (!context.signal.aborted) await sleep(5);
      reasons.push(context.signal.reason);
      await context.end(null);
    });
    await readAll(await client.open({ provider: 'edge-death', meta: null, body: EMPTY }));
    expect(reasons).toEqual(['edge_lost']);
    await worker.close();
    await client.close();
  });

  it('cuts a client that takes nothing while data waits', async () => {
    const client = await connectEdge({ timers: { slowClientMs: 300 } });
    const worker = await startWorker({ servers: nats.url, provider: 'slow' }, stream);
    const slow = await client.open({ provider: 'slow', meta: { chunks: 100_000 }, body: EMPTY });
    const cut = Promise.withResolvers<void>();
    slow.signal.addEventListener('abort', () => cut.resolve());
    await cut.promise;
    expect((await failureOf(readAll(slow))).failure.code).toBe('slow_client');
    expect(await slow.end).toEqual({ reason: 'slow_client' });
    await worker.close();
    await client.close();
  });

  it('does not cut a client that has nothing to take', async () => {
    const client = await connectEdge({ timers: { slowClientMs: 200 } });
    const worker = await startWorker({ servers: nats.url, provider: 'thinking' }, async (context) => {
      context.head(null);
      await context.write(chunkOf(1, 0, 100));
      await sleep(700);
      await context.write(chunkOf(1, 1, 100));
      await context.end(null);
    });
    const patient = await client.open({ provider: 'thinking', meta: null, body: EMPTY });
    expect((await readAll(patient)).equals(contentOf(1, 2, 100))).toBe(true);
    await worker.close();
    await client.close();
  });

  it('opens a stream after the event loop was blocked once, as by the body of the call itself', async () => {
    const client = await connectEdge({ maxLagMs: 200 });
    const worker = await startWorker({ servers: nats.url, provider: 'lag' }, stream);
    blockFor(500);
    expect(client.lagMs).toBeGreaterThan(200);
    expect(client.overloaded).toBe(false);
    await readAll(await client.open({ provider: 'lag', meta: { chunks: 1 }, body: EMPTY }));
    await worker.close();
    await client.close();
  });

  it('refuses new streams while the event loop of the edge is blocked again and again', async () => {
    const client = await connectEdge({ maxLagMs: 200 });
    const worker = await startWorker({ servers: nats.url, provider: 'busy-loop' }, stream);
    const blocking = setInterval(() => blockFor(300), 10);
    await until(() => client.overloaded);
    const { failure } = await failureOf(client.open({ provider: 'busy-loop', meta: { chunks: 1 }, body: EMPTY }));
    clearInterval(blocking);
    expect(failure).toMatchObject({ code: 'overloaded', retryAfterMs: 1000 });
    await until(() => !client.overloaded);
    await readAll(await client.open({ provider: 'busy-loop', meta: { chunks: 1 }, body: EMPTY }));
    await worker.close();
    await client.close();
  }, 30_000);

  it('stops the streams of an edge that closes', async () => {
    const client = await connectEdge();
    const stopped = Promise.withResolvers<unknown>();
    const worker = await startWorker({ servers: nats.url, provider: 'closing' }, async (context) => {
      context.signal.addEventListener('abort', () => stopped.resolve(context.signal.reason));
      await stream(context);
    });
    const running = await client.open({ provider: 'closing', meta: { chunks: 100_000 }, body: EMPTY });
    const reading = failureOf(readAll(running));
    await client.close();
    expect(await stopped.promise).toBe('edge closed');
    expect((await reading).failure.code).toBe('client_closed_request');
    await worker.close();
  });
});
