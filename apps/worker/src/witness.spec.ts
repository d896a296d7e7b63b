import type { INestApplication } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import type { Delivery, UpstreamStream } from '@switchyard/bus';
import { AttemptEnd, USAGE_STREAM, UsageEvent } from '@switchyard/contracts';
import { z } from 'zod';
import { Harness, sleep, until } from './testing/harness.js';
import { UsageReporter } from './usage/usage.reporter.js';

let harness: Harness;
let worker: INestApplication;
beforeAll(async () => {
  harness = await Harness.start();
  worker = await harness.worker('sandbox');
}, 30_000);
afterAll(() => harness.stop());

const ask = { body: { stream: true, messages: [{ role: 'user', content: 'Hello. [[fault: tokens=40]]' }] } };

/** A stream that has ended, and whose client has taken nothing yet. */
async function ended(edge = harness.client): Promise<{ id: string; stream: UpstreamStream; bytes: number }> {
  const { call, opened } = harness.open(ask, edge);
  const stream = await opened;
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  const { usage } = AttemptEnd.parse(await stream.end);
  expect(usage).toMatchObject({ outcome: 'final', generationId: call.generationId });
  return { id: call.generationId, stream, bytes };
}

describe('the first witness of a usage', () => {
  it('says that an answer is final when the client has it, and not before', async () => {
    const { id, stream, bytes } = await ended();
    await sleep(1_200);
    expect(harness.published.has(id)).toBe(false);
    stream.acknowledge(bytes);
    await until(() => harness.published.has(id), 1_000);
    expect(await harness.usageOf(id)).toMatchObject({ outcome: 'final', usage: { outputTokens: 40 } });
  });

  it('says so when the client left by itself before the last byte', async () => {
    const { id, stream } = await ended();
    await stream.cancel('client_closed_request');
    expect(await harness.usageOf(id)).toMatchObject({ outcome: 'final' });
  });

  it('says nothing of an answer that its edge has given up, because another worker may answer in its place', async () => {
    const { id, stream } = await ended();
    await stream.cancel('protocol_error');
    await sleep(300);
    expect(harness.published.has(id)).toBe(false);
  });

  it('insures an answer whose edge is gone before its client had all of it', async () => {
    const edge = await StreamClient.connect({ servers: harness.nats.url, edgeId: 'dying', maxLagMs: 5000 });
    const { id, stream } = await ended(edge);
    expect(stream.worker).not.toBe('');
    await edge.close();
    expect(await harness.usageOf(id)).toMatchObject({ outcome: 'insured', usage: { outputTokens: 40 } });
  });

  it('insures an answer that is under way when its edge goes', async () => {
    const edge = await StreamClient.connect({ servers: harness.nats.url, edgeId: 'dying', maxLagMs: 5000 });
    const slow = { body: { stream: true, messages: [{ role: 'user', content: '[[fault: tokens=500 tps=50]]' }] } };
    const { call, opened } = harness.open(slow, edge);
    await opened;
    await edge.close();
    expect(await harness.usageOf(call.generationId)).toMatchObject({ outcome: 'insured', cancelled: false });
  });

  it('says what an edge confirmed that is gone since', async () => {
    const edge = await StreamClient.connect({ servers: harness.nats.url, edgeId: 'dying', maxLagMs: 5000 });
    const { id, stream, bytes } = await ended(edge);
    stream.acknowledge(bytes);
    await edge.close();
    expect(await harness.usageOf(id)).toMatchObject({ outcome: 'final', usage: { outputTokens: 40 } });
  });

  it('says it once, although the broker is killed with the word in its hands', async () => {
    const { stream, bytes } = await ended();
    const { usage } = AttemptEnd.parse(await stream.end);
    stream.acknowledge(bytes);
    const id = `gen-1700000000-${'w'.repeat(20)}`;
    const confirmed = Promise.withResolvers<Delivery>();
    worker
      .get(UsageReporter, { strict: false })
      .report(z.encode(UsageEvent, { ...usage, generationId: id }), confirmed.promise);
    await until(() => harness.published.has(usage.generationId));
    const stored = async () => (await harness.bus.reader.backlog(USAGE_STREAM, 'test')).lastSequence;
    const before = await stored();
    // Frozen it takes what is written to it, and the kill throws that away.
    harness.nats.process.signal('SIGSTOP');
    confirmed.resolve('confirmed');
    await sleep(200);
    await harness.nats.kill9();
    await harness.nats.start();
    await until(() => harness.published.has(id), 30_000);
    await worker.get(UsageReporter, { strict: false }).flush();
    expect(await stored()).toBe(before + 1);
    // The others need a worker that is back.
    const isBack = () =>
      ended().then(
        () => true,
        () => false,
      );
    await until(isBack, 30_000);
  }, 90_000);

  it('leaves to the edge what it cannot know when it has to go', async () => {
    const { id, stream, bytes } = await ended();
    await harness.stopWorkers();
    stream.acknowledge(bytes);
    await sleep(300);
    expect(harness.published.has(id)).toBe(false);
  }, 20_000);
});
