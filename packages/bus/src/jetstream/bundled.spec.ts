import { USAGE_STREAM } from '@switchyard/contracts';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { type Bus, connectBus } from '../bus.js';
import type { ConsumeOptions, RunningConsumer } from './consumers.js';
import type { JetStreamMessage } from './message.js';
import { ensureTopology } from './topology.js';

const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const told = ({ messageId, data }: JetStreamMessage): string => `${messageId}=${text(data)}`;

describe('messages that are published together', () => {
  let nats: TestNats;
  let bus: Bus;
  const running: RunningConsumer[] = [];
  let counter = 0;

  const consume = async (handler: ConsumeOptions['handler'], maxBatch = 100) => {
    counter += 1;
    const subject = `usage.v1.together${counter}`;
    running.push(
      await bus.consumers.consume({
        stream: USAGE_STREAM,
        durable: `together${counter}`,
        filterSubject: subject,
        maxBatch,
        maxWaitMs: 20,
        handler,
      }),
    );
    return subject;
  };
  const publish = (subject: string, count: number, size = 1) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        bus.jetstream.publishBundled(subject, `${index}`.padStart(size, '.'), { messageId: `${subject}-${index}` }),
      ),
    );
  const sequences = (published: readonly { readonly sequence: number }[]): number =>
    new Set(published.map(({ sequence }) => sequence)).size;

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

  it('are one message of the stream, and come one by one, in their order and with their names', async () => {
    const seen: string[] = [];
    const subject = await consume(async (messages) => void seen.push(...messages.map(told)));
    expect(sequences(await publish(subject, 5))).toBe(1);
    await waitUntil(() => seen.length === 5, { what: 'all five are handled' });
    expect(seen).toEqual([0, 1, 2, 3, 4].map((index) => `${subject}-${index}=${index}`));
  });

  it('go in several where one would be too many or too large', async () => {
    const subject = await consume(async () => undefined);
    expect(sequences(await publish(subject, 130))).toBe(3);
    expect(sequences(await publish(`${subject}large`, 5, 100 * 1024))).toBe(3);
  });

  it('are handed over in batches of the size that the reader asked for', async () => {
    const sizes: number[] = [];
    const subject = await consume(async (messages) => void sizes.push(messages.length), 2);
    await publish(subject, 5);
    await waitUntil(() => sizes.reduce((sum, size) => sum + size, 0) === 5, { what: 'all five are handled' });
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('all come again when one of them is wanted again, and no more once all are settled', async () => {
    const seen: string[] = [];
    const subject = await consume(async (messages) => {
      seen.push(...messages.map(({ data }) => text(data)));
      if (messages.some(({ deliveryCount }) => deliveryCount === 1)) messages[1]?.nak();
    });
    await publish(subject, 3);
    await waitUntil(() => seen.length >= 6, { what: 'they came twice' });
    await waitUntil(async () => (await bus.reader.backlog(USAGE_STREAM, `together${counter}`)).waiting === 0, {
      what: 'nothing is left to deliver',
    });
    expect(seen).toEqual(['0', '1', '2', '0', '1', '2']);
  });

  it('are found again in the stream, each by itself', async () => {
    const [first] = await publish(`usage.v1.found`, 3);
    expect((await bus.reader.payloads(USAGE_STREAM, first?.sequence ?? 0)).map(text)).toEqual(['0', '1', '2']);
  });

  it('keep the protection against repetitions where one came alone', async () => {
    const [once] = await publish('usage.v1.alone', 1);
    const [again] = await publish('usage.v1.alone', 1);
    expect(again).toEqual({ sequence: once?.sequence, duplicate: true });
  });

  it('all fail when the broker refuses what they became', async () => {
    const refused = Promise.all(
      ['a', 'b'].map((messageId) => bus.jetstream.publishBundled('nobody.listens', 'x', { messageId, timeoutMs: 300 })),
    );
    await expect(refused).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
