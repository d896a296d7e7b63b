import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { USAGE_STREAM } from '@switchyard/contracts';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { rmSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, connectBus } from '../bus.js';
import type { ConsumeOptions, RunningConsumer } from './consumers.js';
import { ensureTopology } from './topology.js';

const text = (data: Uint8Array): string => new TextDecoder().decode(data);

describe('JetStream', () => {
  let nats: TestNats;
  let bus: Bus;
  const running: RunningConsumer[] = [];
  let counter = 0;

  /** A subject and a consumer that no other test uses. */
  const consume = async (handler: ConsumeOptions['handler'], options: Partial<ConsumeOptions> = {}) => {
    counter += 1;
    const subject = `usage.v1.p${counter}`;
    const consumer = await bus.consumers.consume({
      stream: USAGE_STREAM,
      durable: `d${counter}`,
      filterSubject: subject,
      maxBatch: 100,
      maxWaitMs: 50,
      handler,
      ...options,
    });
    running.push(consumer);
    return { subject, consumer };
  };

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    bus = await connectBus({ servers: nats.url, name: 'test' });
  }, 60_000);
  afterEach(async () => {
    for (const consumer of running.splice(0)) await consumer.stop();
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  }, 60_000);

  it('stores a message with the same id once', async () => {
    const first = await bus.jetstream.publish('usage.v1.once', 'a', { messageId: 'once-1' });
    const second = await bus.jetstream.publish('usage.v1.once', 'a', { messageId: 'once-1' });
    expect(first.duplicate).toBe(false);
    expect(second).toEqual({ sequence: first.sequence, duplicate: true });
  });

  it('reads a stored message once more by its sequence, and nothing where there is none', async () => {
    const { sequence } = await bus.jetstream.publish('usage.v1.again', 'a second look', { messageId: 'again-1' });
    expect((await bus.reader.payloads(USAGE_STREAM, sequence)).map(text)).toEqual(['a second look']);
    await expect(bus.reader.payloads(USAGE_STREAM, sequence + 1_000)).resolves.toEqual([]);
    await expect(bus.reader.payloads('NOWHERE', 1)).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('tells how much a consumer has still to have, and up to where it has settled everything', async () => {
    const gate = Promise.withResolvers<void>();
    const { subject } = await consume(() => gate.promise);
    const durable = `d${counter}`;
    let last = 0;
    for (const body of ['1', '2', '3'])
      last = (await bus.jetstream.publish(subject, body, { messageId: `${subject}-${body}` })).sequence;
    const backlog = () => bus.reader.backlog(USAGE_STREAM, durable);
    await expect(backlog()).resolves.toMatchObject({ lastSequence: last, waiting: 3 });
    gate.resolve();
    await waitUntil(async () => (await backlog()).waiting === 0, { what: 'everything is settled' });
    await expect(backlog()).resolves.toEqual({ lastSequence: last, settledSequence: last, waiting: 0 });
    await expect(bus.reader.backlog(USAGE_STREAM, 'nobody')).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('says that a message was not stored when no stream takes its subject', async () => {
    await expect(bus.jetstream.publish('nowhere.v1.x', 'a', { messageId: 'x', timeoutMs: 300 })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });

  it('says at once that a message is larger than the broker takes', async () => {
    const huge = new Uint8Array(2_000_000);
    await expect(bus.jetstream.publish('usage.v1.big', huge, { messageId: 'big' })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('delivers in batches of at most maxBatch, in order, and acknowledges after the handler', async () => {
    const sizes: number[] = [];
    const seen: string[] = [];
    const { subject } = await consume(
      async (messages) => {
        sizes.push(messages.length);
        seen.push(...messages.map((message) => text(message.data)));
        await sleep(1);
      },
      { maxBatch: 40 },
    );
    const expected = Array.from({ length: 100 }, (_, index) => `${index}`);
    for (const body of expected) await bus.jetstream.publish(subject, body, { messageId: `${subject}-${body}` });
    await waitUntil(() => seen.length === 100, { what: 'all messages arrive' });
    expect(seen).toEqual(expected);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
    await expectAllAcknowledged(nats.url, `d${counter}`);
  });

  it('hands over an incomplete batch soon after its first message', async () => {
    const batches: number[] = [];
    const { subject } = await consume(async (messages) => void batches.push(messages.length), {
      maxBatch: 500,
      maxWaitMs: 50,
    });
    await bus.jetstream.publish(subject, 'a', { messageId: `${subject}-a` });
    await waitUntil(() => batches.length === 1, { what: 'the batch arrives', timeoutMs: 5_000 });
    expect(batches).toEqual([1]);
  });

  it('delivers again what a failing handler left open, but not what it had acknowledged', async () => {
    const deliveries: string[] = [];
    const { subject } = await consume(async (messages) => {
      for (const message of messages) deliveries.push(`${text(message.data)}:${message.deliveryCount}`);
      messages.find((message) => text(message.data) === 'good')?.ack();
      if (messages.some((message) => text(message.data) === 'bad' && message.deliveryCount < 3)) throw new Error('no');
    });
    await bus.jetstream.publish(subject, 'good', { messageId: `${subject}-1` });
    await bus.jetstream.publish(subject, 'bad', { messageId: `${subject}-2` });
    await waitUntil(() => deliveries.includes('bad:3'), { what: 'the third delivery' });
    expect(deliveries.filter((delivery) => delivery.startsWith('good'))).toEqual(['good:1']);
    await expectAllAcknowledged(nats.url, `d${counter}`);
  });

  it('extends the time of a message while its handler works longer than the broker waits', async () => {
    const counts: number[] = [];
    const { subject } = await consume(
      async (messages) => {
        counts.push(...messages.map((message) => message.deliveryCount));
        await sleep(2_500);
      },
      { ackWaitMs: 1_000 },
    );
    await bus.jetstream.publish(subject, 'slow', { messageId: `${subject}-slow` });
    await waitUntil(() => counts.length > 0, { what: 'the delivery' });
    await sleep(3_500);
    expect(counts).toEqual([1]);
  }, 15_000);

  it('finishes the batch in hand when it is stopped, and takes no more', async () => {
    let finished = false;
    const { subject, consumer } = await consume(async () => {
      await sleep(300);
      finished = true;
    });
    await bus.jetstream.publish(subject, 'a', { messageId: `${subject}-a` });
    await sleep(150);
    await consumer.stop();
    expect(finished).toBe(true);
    await expectAllAcknowledged(nats.url, `d${counter}`);
  });

  it('loses nothing over a kill -9 of the broker while messages are published and consumed', async () => {
    const seen = new Set<string>();
    const { subject } = await consume(async (messages) => {
      await sleep(5);
      for (const message of messages) seen.add(text(message.data));
    });
    const publishing = (async () => {
      for (let index = 0; index < 300; index++) {
        await bus.jetstream.publish(subject, `${index}`, { messageId: `${subject}-${index}`, timeoutMs: 20_000 });
        await sleep(2);
      }
    })();
    await sleep(150);
    await nats.kill9();
    await sleep(300);
    await nats.start();
    await publishing;
    await waitUntil(() => seen.size === 300, { what: 'all 300 messages', timeoutMs: 45_000 });
  }, 90_000);

  it('goes on after the broker lost its store and the topology was made again', async () => {
    const seen: string[] = [];
    const { subject } = await consume(async (messages) => {
      seen.push(...messages.map((message) => text(message.data)));
    });
    await bus.jetstream.publish(subject, 'before', { messageId: `${subject}-before` });
    await waitUntil(() => seen.includes('before'), { what: 'the first message' });
    await nats.kill9();
    rmSync(nats.storeDirectory, { recursive: true });
    mkdirSync(nats.storeDirectory);
    await nats.start();
    await ensureTopology(nats.url);
    await bus.jetstream.publish(subject, 'after', { messageId: `${subject}-after`, timeoutMs: 20_000 });
    await waitUntil(() => seen.includes('after'), { what: 'the message after the loss', timeoutMs: 20_000 });
  }, 60_000);

  it('waits for a stream that does not exist yet', async () => {
    const other = await startNatsServer();
    const early = await connectBus({ servers: other.url, name: 'early' });
    try {
      const seen: string[] = [];
      const consumer = await early.consumers.consume({
        stream: USAGE_STREAM,
        durable: 'early',
        maxBatch: 10,
        maxWaitMs: 10,
        handler: async (messages) => void seen.push(...messages.map((message) => text(message.data))),
      });
      await sleep(100);
      await ensureTopology(other.url);
      await early.jetstream.publish('usage.v1.x', 'a', { messageId: 'a' });
      await waitUntil(() => seen.length === 1, { what: 'the message' });
      await consumer.stop();
    } finally {
      await early.close();
      await other.stop();
    }
  }, 30_000);
});

/** Asks the broker itself. */
async function expectAllAcknowledged(url: string, durable: string): Promise<void> {
  const raw = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(raw);
    await waitUntil(
      async () => {
        const info = await manager.consumers.info(USAGE_STREAM, durable);
        return info.num_ack_pending === 0 && info.num_pending === 0;
      },
      { what: 'the broker has every acknowledgement' },
    );
  } finally {
    await raw.close();
  }
}
