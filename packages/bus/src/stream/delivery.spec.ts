import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { StreamClient } from './index.js';
import type { Delivery, StreamContext } from './index.js';
import { chunkOf, contentOf } from './testing/content.js';
import { readAll, sleep, startWorker, until } from './testing/harness.js';
import type { TestWorker } from './testing/harness.js';

const EMPTY = new Uint8Array(0);
const CHUNKS = 3;

describe('what a worker learns of an answer that it has sent', () => {
  let nats: TestNats;
  let client: StreamClient;
  let worker: TestWorker;
  let deliveries: Delivery[];

  async function answer(context: StreamContext): Promise<void> {
    context.head(null);
    for (let number = 0; number < CHUNKS; number += 1) await context.write(chunkOf(1, number, 100));
    await context.end(null);
    deliveries.push(await context.delivered);
  }

  const connectEdge = (timers = {}) =>
    StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000, timers });
  const open = () => client.open({ provider: 'delivery', meta: null, body: EMPTY });

  beforeEach(async () => {
    deliveries = [];
    nats = await startNatsServer();
    client = await connectEdge();
    worker = await startWorker({ servers: nats.url, provider: 'delivery' }, answer);
  });

  afterEach(async () => {
    await client.close();
    await worker.close();
    await nats.stop();
  });

  it('is confirmed as soon as the client has taken everything, and not before', async () => {
    const stream = await open();
    const pieces: Uint8Array[] = [];
    for await (const piece of stream) pieces.push(piece);
    await stream.end;
    // Longer than the worker waits before it asks: the edge then says that its client is still reading.
    await sleep(1_500);
    expect(deliveries).toEqual([]);
    for (const piece of pieces) stream.acknowledge(piece.length);
    await until(() => deliveries.length === 1, 500);
    expect(deliveries).toEqual(['confirmed']);
    expect(Buffer.concat(pieces).equals(contentOf(1, CHUNKS, 100))).toBe(true);
  });

  it('is confirmed when the client leaves before it has taken the rest', async () => {
    const stream = await open();
    await stream.end;
    await stream.cancel('client_closed_request');
    await until(() => deliveries.length === 1, 500);
    expect(deliveries).toEqual(['confirmed']);
  });

  it('is left to the edge that cannot give its client what arrived', async () => {
    const stream = await open();
    await stream.end;
    await stream.cancel('protocol_error');
    await until(() => deliveries.length === 1, 500);
    expect(deliveries).toEqual(['unknown']);
  });

  it('is confirmed over a restart of the broker between the end and the confirmation', async () => {
    const stream = await open();
    const pieces: Uint8Array[] = [];
    for await (const piece of stream) pieces.push(piece);
    await stream.end;
    await nats.kill9();
    for (const piece of pieces) stream.acknowledge(piece.length);
    await sleep(300);
    await nats.start();
    await until(() => deliveries.length === 1, 10_000);
    expect(deliveries).toEqual(['confirmed']);
  }, 30_000);

  it('is lost when the edge is silent for too long, although it ended with nothing missing', async () => {
    const impatient = await startWorker(
      { servers: nats.url, provider: 'silence', timers: { edgeBeatMs: 100 } },
      async (context) => {
        context.head(null);
        await context.write(chunkOf(1, 0, 100));
        await context.end(null);
        deliveries.push(await context.delivered);
      },
    );
    // The edge beats every two seconds, the worker expects a beat every tenth of one: as good as dead.
    const stream = await client.open({ provider: 'silence', meta: null, body: EMPTY });
    await stream.end;
    await until(() => deliveries.length === 1, 2_000);
    expect(deliveries).toEqual(['lost']);
    await impatient.close();
  });

  it('is lost when the edge closes before its client has taken everything', async () => {
    const stream = await open();
    await stream.end;
    await client.close();
    await until(() => deliveries.length === 1, 500);
    expect(deliveries).toEqual(['lost']);
  });

  it('stays unknown to a worker that has to go before its edge can tell', async () => {
    const stream = await open();
    await stream.end;
    await worker.strategy.drain(1_000);
    await until(() => deliveries.length === 1, 500);
    expect(deliveries).toEqual(['unknown']);
    stream.acknowledge(CHUNKS * 100);
  }, 15_000);

  it('tells the edge of a worker that is gone', async () => {
    const gone: string[] = [];
    client.onWorkerGone((name) => void gone.push(name));
    await readAll(await open());
    await worker.close();
    await until(() => gone.includes(worker.strategy.workerId), 10_000);
  }, 15_000);
});
