import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTopology } from '@switchyard/bus';
import { startTcpProxy, waitUntil, type TcpProxy } from '@switchyard/testing';
import { expectedText } from './money/clients.js';
import { FaultBench } from './money/fault-bench.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** A connection that has been away for 12 s loses its streams. */
const AWAY_MS = 14_000;
/** An edge publishes unconfirmed usage again after 30 s. */
const REPUBLISH_MS = 60_000;

describe('when the broker dies, is away, or loses its disk', () => {
  let bench: FaultBench;
  let network: TcpProxy;
  beforeAll(async () => {
    bench = await FaultBench.start({
      workers: 1,
      // The second edge reaches the broker through a network of its own.
      through: async ({ natsUrl }) => {
        network = await startTcpProxy(Number(new URL(natsUrl).port));
        return { overrides: { 'edge-2': { NATS_URL: network.through(natsUrl) } } };
      },
    });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await bench?.stop();
    await network?.stop();
  }, START_TIMEOUT_MS);

  it('kill -9 and back at once: every stream pauses and completes, byte for byte', async () => {
    const { stack } = bench;
    const size = { tokens: 120, tokensPerSecond: 40, maxTokens: 150 };
    const streams = Array.from({ length: 16 }, (_, index) => bench.ask(`blink-${index}`, { ...size, edge: index % 2 }));
    await waitUntil(
      async () =>
        (await stack.upstreamBook()).filter(
          ({ label, outputTokens }) => label?.startsWith('blink-') && outputTokens > 5,
        ).length === 16,
      { what: 'all streams speak' },
    );
    await stack.broker.kill9();
    await sleep(300);
    await stack.broker.start();
    for (const { how, text } of await Promise.all(streams)) expect([how, text]).toEqual(['whole', expectedText(size)]);
    const resumes = await Promise.all(stack.edgeUrls.map(resumesOf));
    expect(resumes.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('away for longer than streams wait: errors that say so, 503 at once for new ones, and all come back by themselves', async () => {
    const { stack } = bench;
    const size = { tokens: 2_000, tokensPerSecond: 40, maxTokens: 2_500 };
    const streams = Array.from({ length: 6 }, (_, index) => bench.ask(`away-${index}`, { ...size, edge: index % 2 }));
    await waitUntil(
      async () =>
        (await stack.upstreamBook()).filter(({ label, outputTokens }) => label?.startsWith('away-') && outputTokens > 5)
          .length === 6,
      { what: 'all streams speak' },
    );
    // Nobody can confirm what ended just before.
    bench.allowGifts();
    await stack.broker.kill9();
    const goneMs = performance.now();
    await sleep(1_000);
    const askedMs = performance.now();
    const fresh = await bench.ask('away-new');
    expect([fresh.how, fresh.status]).toEqual(['http error', 503]);
    expect(performance.now() - askedMs).toBeLessThan(2_000);
    await sleep(AWAY_MS - 1_000);
    await stack.broker.start();
    for (const { how, endedAtMs } of await Promise.all(streams)) {
      expect(how).toBe('error event');
      expect(endedAtMs - goneMs).toBeLessThan(AWAY_MS + 6_000);
    }
    await waitUntil(async () => (await Promise.all([0, 1].map((edge) => again(edge)))).every(Boolean), {
      what: 'both edges serve again',
      timeoutMs: 20_000,
      intervalMs: 500,
    });
    expect(bench.clientFaults).toEqual([]);
    const money = await bench.money({ timeoutMs: REPUBLISH_MS });
    expect(money.faults).toEqual([]);
    for (const { ask: asked, generationId } of bench.seen.filter(({ ask: { label } }) => /^away-\d/.test(label))) {
      const usage = (await stack.books.usage()).find((each) => each.generationId === generationId);
      expect([asked.label, usage?.paidNanos ?? 0n]).toEqual([asked.label, 0n]);
    }
  }, 150_000);

  it('a half-open network between an edge and the broker is noticed, and nothing is lost or paid twice', async () => {
    const seen = await bench.during({ name: 'half-open', clients: 8 }, async () => {
      network.swallow();
      await sleep(2_500);
      network.heal();
      await waitUntil(() => again(1), { what: 'the edge serves again', timeoutMs: 30_000, intervalMs: 250 });
    });
    expect(seen.filter(({ how, ask: { edge } }) => edge === 0 && how !== 'whole' && how !== 'left')).toEqual([]);
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money({ timeoutMs: REPUBLISH_MS })).faults).toEqual([]);
  }, 150_000);

  it('a full disk refuses new usage and drops none: edges keep it and publish it again', async () => {
    const { stack } = bench;
    await stack.broker.kill9();
    await stack.broker.start({ maxFile: '1KB' });
    await waitUntil(() => again(0), { what: 'edges serve', timeoutMs: 30_000, intervalMs: 250 });
    const full = await bench.during({ name: 'disk-full', clients: 6 }, () => sleep(1_000));
    expect(full.filter(({ how }) => how === 'whole').length).toBeGreaterThan(0);
    await stack.broker.kill9();
    await stack.broker.start({ maxFile: '8GB' });
    expect((await bench.money({ timeoutMs: REPUBLISH_MS })).faults).toEqual([]);
    expect(bench.clientFaults).toEqual([]);
  }, 150_000);

  it('a lost disk loses nothing: usage that was not booked is published again by the edges that saw it', async () => {
    const { stack } = bench;
    // The ledger sleeps, so that what was published is on the disk of the broker alone.
    const asleep = stack.signal('ledger', 'SIGSTOP');
    const seen = await bench.during({ name: 'wiped', clients: 6 }, async () => undefined);
    expect(seen.filter(({ how }) => how === 'whole').length).toBeGreaterThan(0);
    const bookedBefore = (await stack.books.usage()).length;
    await stack.broker.kill9();
    stack.broker.wipe();
    await stack.broker.start();
    // What a deployment runs after such a loss: its set-up job, which makes every stream as planned.
    await ensureTopology(stack.broker.url);
    process.kill(asleep, 'SIGCONT');
    await waitUntil(() => again(0), { what: 'edges serve', timeoutMs: 30_000, intervalMs: 250 });
    const money = await bench.money({ timeoutMs: REPUBLISH_MS });
    expect(money.faults).toEqual([]);
    expect((await stack.books.usage()).length).toBeGreaterThan(bookedBefore);
    expect(bench.clientFaults).toEqual([]);
  }, 150_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);

  let number = 0;
  const again = async (edge: number): Promise<boolean> => {
    number += 1;
    const { how } = await bench.ask(`again-${number}`, { edge, tokens: 1, maxTokens: 2, stream: false });
    return how === 'whole';
  };
});

/** Streams that asked for what they missed, by the metrics of an edge. */
async function resumesOf(edgeUrl: string): Promise<number> {
  const text = await (await fetch(`${edgeUrl}/metrics`)).text();
  return [...text.matchAll(/^switchyard_bus_resumes[^ ]* ([\d.e+]+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
