import { connectBus, ensureTopology } from '@switchyard/bus';
import { startNatsServer } from '@switchyard/testing';

const [MESSAGES, AT_A_TIME, BYTES] = [4_000, 64, 1_000];

/** How many messages per second one stream takes, each confirmed when it is on the disk, on a broker that does nothing else. */
export async function storedPerSecond(): Promise<number> {
  const nats = await startNatsServer({ durable: true });
  try {
    await ensureTopology(nats.url);
    const bus = await connectBus({ servers: nats.url, name: 'bench' });
    const payload = new Uint8Array(BYTES);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < MESSAGES) {
        next += 1;
        await bus.jetstream.publish('usage.v1.bench', payload, { messageId: `bench-${next}` });
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    const seconds = (performance.now() - startedAt) / 1_000;
    await bus.close();
    return Math.round(MESSAGES / seconds);
  } finally {
    await nats.stop();
  }
}
