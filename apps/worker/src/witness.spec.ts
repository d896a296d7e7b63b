import type { UpstreamStream } from '@switchyard/bus';
import { AttemptEnd } from '@switchyard/contracts';
import { Harness, sleep, until } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker('sandbox');
}, 30_000);
afterAll(() => harness.stop());

const ask = { body: { stream: true, messages: [{ role: 'user', content: 'Hello. [[fault: tokens=40]]' }] } };

/** A stream that has ended, and whose client has taken nothing yet. */
async function ended(): Promise<{ id: string; stream: UpstreamStream; bytes: number }> {
  const { call, opened } = harness.open(ask);
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

  it('insures an answer that its edge could not give on', async () => {
    const { id, stream } = await ended();
    await stream.cancel('protocol_error');
    expect(await harness.usageOf(id)).toMatchObject({ outcome: 'insured', usage: { outputTokens: 40 } });
  });

  it('leaves to the edge what it cannot know when it has to go', async () => {
    const { id, stream, bytes } = await ended();
    await harness.stopWorkers();
    stream.acknowledge(bytes);
    await sleep(300);
    expect(harness.published.has(id)).toBe(false);
  }, 20_000);
});
