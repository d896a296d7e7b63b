import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { randomBytes } from 'node:crypto';
import { StreamClient, busFailure } from './index.js';
import type { StreamContext } from './index.js';
import { chunkOf, contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, startWorker, until } from './testing/harness.js';
import type { TestWorker } from './testing/harness.js';

const EMPTY = new Uint8Array(0);

describe('streams through a real broker', () => {
  let nats: TestNats;
  let client: StreamClient;
  const workers: TestWorker[] = [];
  let nextProvider = 0;

  beforeAll(async () => {
    nats = await startNatsServer();
    client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000 });
  });

  afterAll(async () => {
    await client.close();
    await Promise.all(workers.map((worker) => worker.close()));
    await nats.stop();
  });

  async function serve(handle: (context: StreamContext) => Promise<void>, options: { capacity?: number } = {}) {
    nextProvider += 1;
    const provider = `provider-${nextProvider}`;
    const worker = await startWorker({ servers: nats.url, provider, ...options }, handle);
    workers.push(worker);
    return { provider, worker };
  }

  it('carries head, bytes and end exactly', async () => {
    const { provider, worker } = await serve(async (context) => {
      context.head({ status: 200, echo: context.meta });
      for (let number = 0; number < 500; number += 1) await context.write(chunkOf(1, number, 777));
      await context.end({ body: Buffer.from(context.body).toString() });
    });
    const stream = await client.open({ provider, meta: { model: 'x' }, body: Buffer.from('{"q":1}') });
    expect(stream.head).toEqual({ status: 200, echo: { model: 'x' } });
    expect(stream.worker).toBe(worker.strategy.workerId);
    expect((await readAll(stream)).equals(contentOf(1, 500, 777))).toBe(true);
    expect(await stream.end).toEqual({ body: '{"q":1}' });
    expect(client.inFlight).toBe(0);
  });

  it('can be thought about by their worker before they are its own, once, and are served the same', async () => {
    const order: string[] = [];
    const { provider, worker } = await serve(async (context) => {
      order.push('served');
      context.head(context.meta);
      await context.end(null);
    });
    worker.strategy.onClaim((context) => {
      order.push(`claimed with ${context.body.length} bytes`);
      throw new Error('what goes wrong here fails nobody');
    });
    const stream = await client.open({ provider, meta: 'a', body: randomBytes(10) });
    expect(stream.head).toBe('a');
    await readAll(stream);
    expect(order).toEqual(['claimed with 10 bytes', 'served']);
    expect(worker.strategy.counters.faults).toBe(1);
  });

  it('carries words between worker and edge beside the answer, also before the edge listens', async () => {
    const { provider, worker } = await serve(async (context) => {
      context.head(null);
      const answered = Promise.withResolvers<unknown>();
      context.onAllow((answer) => answered.resolve(answer));
      context.meter({ used: 1 });
      const allowed = await answered.promise;
      await context.write(chunkOf(1, 0, 10));
      await context.end(allowed);
    });
    const stream = await client.open({ provider, meta: null, body: EMPTY });
    const readings: unknown[] = [];
    stream.onMeter((reading) => {
      readings.push(reading);
      stream.allow({ total: 7 });
    });
    await readAll(stream);
    expect(readings).toEqual([{ used: 1 }]);
    expect(await stream.end).toEqual({ total: 7 });
    expect(client.counters.malformed + worker.strategy.counters.malformed).toBe(0);
  });

  it('carries 64 streams at once without mixing them', async () => {
    const { provider } = await serve(async (context) => {
      const { seed } = context.meta as { seed: number };
      context.head(seed);
      for (let number = 0; number < 100; number += 1) {
        await context.write(chunkOf(seed, number, 100 + seed));
        if (number % 10 === 0) await sleep(1);
      }
      await context.end(seed);
    });
    await Promise.all(
      Array.from({ length: 64 }, async (_, seed) => {
        const stream = await client.open({ provider, meta: { seed }, body: EMPTY });
        expect((await readAll(stream)).equals(contentOf(seed, 100, 100 + seed))).toBe(true);
        expect(await stream.end).toBe(seed);
      }),
    );
  });

  it('sends the first bytes at once and gathers those that follow within a turn', async () => {
    const { provider } = await serve(async (context) => {
      context.head(null);
      for (let number = 0; number < 50; number += 1) await context.write(chunkOf(1, number, 10));
      await context.end(null);
    });
    const stream = await client.open({ provider, meta: null, body: EMPTY });
    const sizes: number[] = [];
    for await (const chunk of stream) sizes.push(chunk.length);
    expect(sizes[0]).toBe(10);
    expect(sizes.length).toBeLessThan(10);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(500);
  });

  it('says at once that nobody serves a provider', async () => {
    const startedMs = performance.now();
    const { failure } = await failureOf(client.open({ provider: 'nobody', meta: null, body: EMPTY }));
    expect(failure).toMatchObject({ code: 'worker_unavailable', retryable: true, phase: 'claim', retryAfterMs: 1000 });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('hands on the failure of the worker, before the head and after it', async () => {
    const { provider } = await serve(async (context) => {
      if (context.meta === 'early') {
        await context.fail(
          busFailure('upstream_rate_limited', 'headers', { upstreamStatus: 429, retryAfterMs: 2_000 }),
        );
        return;
      }
      context.head(null);
      await context.write(chunkOf(1, 0, 100));
      await context.fail(busFailure('upstream_disconnected', 'stream'));
    });
    const early = await failureOf(client.open({ provider, meta: 'early', body: EMPTY }));
    expect(early.failure).toMatchObject({ code: 'upstream_rate_limited', upstreamStatus: 429, retryAfterMs: 2_000 });
    const stream = await client.open({ provider, meta: 'late', body: EMPTY });
    let received = 0;
    const reading = (async () => {
      for await (const chunk of stream) received += chunk.length;
    })();
    expect((await failureOf(reading)).failure.code).toBe('upstream_disconnected');
    expect(received).toBe(100);
    expect((await failureOf(stream.end)).failure.code).toBe('upstream_disconnected');
  });

  it('fails a stream whose handler throws or forgets to end it, without a word of its error', async () => {
    const { provider } = await serve(async (context) => {
      if (context.meta === 'throws') throw new Error('secret detail');
    });
    for (const meta of ['throws', 'forgets']) {
      const { failure } = await failureOf(client.open({ provider, meta, body: EMPTY }));
      expect(failure.code).toBe('internal');
      expect(JSON.stringify(failure)).not.toContain('secret');
    }
  });

  it('brings a cancel to the handler and its last word back', async () => {
    const { provider, worker } = await serve(async (context) => {
      context.head(null);
      while (!context.signal.aborted) {
        await context.write(chunkOf(1, 0, 50));
        await sleep(5);
      }
      await context.end({ reason: context.signal.reason as unknown });
    });
    const stream = await client.open({ provider, meta: null, body: EMPTY });
    const reading = failureOf(readAll(stream));
    await sleep(30);
    expect(await stream.cancel('client closed')).toEqual({ kind: 'end', meta: { reason: 'client closed' } });
    expect((await reading).failure.code).toBe('client_closed_request');
    expect(await stream.end).toEqual({ reason: 'client closed' });
    expect(stream.signal.aborted).toBe(true);
    expect(worker.strategy.inFlight).toBe(0);
  });

  it('cancels by the signal of the caller before the head, with the outcome in the failure', async () => {
    const { provider } = await serve(async (context) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      context.signal.addEventListener('abort', () => resolve());
      await promise;
      await context.fail(busFailure('client_closed_request', 'headers', { providerCode: 'told' }));
    });
    const controller = new AbortController();
    const opening = failureOf(client.open({ provider, meta: null, body: EMPTY, signal: controller.signal }));
    await sleep(50);
    controller.abort('gone');
    const failure = await opening;
    expect(failure.failure.code).toBe('client_closed_request');
    expect(failure.outcome).toMatchObject({ kind: 'fail', meta: { providerCode: 'told' } });
    expect(client.inFlight).toBe(0);
  });

  it('cancels when the reader leaves the loop', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const { provider } = await serve(async (context) => {
      context.signal.addEventListener('abort', () => aborted.resolve(context.signal.reason));
      context.head(null);
      while (!context.signal.aborted) {
        await context.write(chunkOf(1, 0, 50));
        await sleep(2);
      }
      await context.end(null);
    });
    const stream = await client.open({ provider, meta: null, body: EMPTY });
    for await (const chunk of stream) if (chunk.length > 0) break;
    expect(await aborted.promise).toBe('abandoned');
  });

  it('stops the writer at the window when the client takes nothing, and goes on when it does', async () => {
    let written = 0;
    const { provider } = await serve(async (context) => {
      context.head(null);
      for (let number = 0; number < 300; number += 1) {
        await context.write(chunkOf(1, number, 1_000));
        written += 1_000;
      }
      await context.end(null);
    });
    const stream = await client.open({ provider, meta: null, body: EMPTY, windowBytes: 65_536 });
    await until(() => written >= 64_000);
    await sleep(200);
    // The write that found the window full waits, so it is not counted.
    expect(written).toBeLessThanOrEqual(66_000);
    expect((await readAll(stream)).equals(contentOf(1, 300, 1_000))).toBe(true);
  });

  it('carries a body of 20 MB in chunks, and none above 32 MiB', async () => {
    const { provider, worker } = await serve(async (context) => {
      context.head({ bytes: context.body.length, equal: Buffer.compare(context.body, body) === 0 });
      await context.end(null);
    });
    const body = randomBytes(20_000_000);
    const stream = await client.open({ provider, meta: null, body });
    expect(stream.head).toEqual({ bytes: 20_000_000, equal: true });
    await readAll(stream);
    await until(() => worker.strategy.inFlight === 0);
    const { failure } = await failureOf(client.open({ provider, meta: null, body: new Uint8Array(33_554_433) }));
    expect(failure.code).toBe('payload_too_large');
  });

  it('answers busy at capacity, leaves the queue group, and takes streams again when it has room', async () => {
    const gate = Promise.withResolvers<void>();
    const { provider, worker } = await serve(
      async (context) => {
        context.head(null);
        await gate.promise;
        await context.end(null);
      },
      { capacity: 2 },
    );
    const first = await client.open({ provider, meta: null, body: EMPTY });
    const second = await client.open({ provider, meta: null, body: EMPTY });
    expect(worker.strategy.inFlight).toBe(2);
    const { failure } = await failureOf(client.open({ provider, meta: null, body: EMPTY }));
    expect(['worker_busy', 'worker_unavailable']).toContain(failure.code);
    expect(failure.retryable).toBe(true);
    gate.resolve();
    await Promise.all([readAll(first), readAll(second)]);
    await until(() => worker.strategy.inFlight === 0);
    await sleep(50);
    await readAll(await client.open({ provider, meta: null, body: EMPTY }));
  });

  it('spreads streams over the workers of a group', async () => {
    nextProvider += 1;
    const provider = `provider-${nextProvider}`;
    const handle = async (context: StreamContext) => {
      context.head(null);
      await context.end(null);
    };
    for (let index = 0; index < 3; index += 1) workers.push(await startWorker({ servers: nats.url, provider }, handle));
    const served = new Set<string>();
    for (let index = 0; index < 60; index += 1) {
      const stream = await client.open({ provider, meta: null, body: EMPTY });
      served.add(stream.worker);
      await readAll(stream);
    }
    expect(served.size).toBe(3);
  });

  it('passes over a full worker as long as another has room', async () => {
    nextProvider += 1;
    const provider = `provider-${nextProvider}`;
    const gate = Promise.withResolvers<void>();
    const handle = async (context: StreamContext) => {
      context.head(null);
      await gate.promise;
      await context.end(null);
    };
    for (const capacity of [3, 20]) workers.push(await startWorker({ servers: nats.url, provider, capacity }, handle));
    const streams = [];
    for (let index = 0; index < 15; index += 1) streams.push(await client.open({ provider, meta: null, body: EMPTY }));
    gate.resolve();
    await Promise.all(streams.map((stream) => readAll(stream)));
  });

  it('refuses names that may not stand in a subject', async () => {
    for (const provider of ['a.b', '*', '>', '', 'x y', 'a\r\nPUB x 0']) {
      await expect(client.open({ provider, meta: null, body: EMPTY })).rejects.toThrow(RangeError);
    }
  });
});
