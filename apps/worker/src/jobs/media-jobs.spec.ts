import { Buffer } from 'node:buffer';
import type { AttemptHead, JobId } from '@switchyard/contracts';
import { AttemptEnd } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { packJobBody } from '@switchyard/protocols';
import { StreamFailure } from '@switchyard/bus';
import { attemptCall, wireOf } from '../testing/call.js';
import type { CallChanges } from '../testing/call.js';
import { Harness, usageOfOutcome } from '../testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const price = { version: 'test-1', prompt: 0n, completion: 0n };
const file = (bytes: Buffer) => ({ field: 'file', filename: 'a.wav', contentType: 'audio/wav', bytes });
type Endpoint = NonNullable<CallChanges['endpoint']>;

/** One job at the simulator, as an edge with a fast client would ask for it; bytes and not text. */
async function ask(job: JobId, endpoint: Endpoint, body: object, files: readonly ReturnType<typeof file>[] = []) {
  const changes = { supportedParameters: [], maxCompletionTokens: 4_160, ...endpoint };
  const call = attemptCall({ job, stream: job === 'speech', endpoint: changes });
  const packed = packJobBody({ json: { model: call.endpoint.modelId, ...body }, files });
  const pieces: Uint8Array[] = [];
  let head: AttemptHead | null = null;
  try {
    const stream = await harness.client.open({ provider: 'sandbox', meta: wireOf(call), body: packed });
    head = stream.head as AttemptHead;
    for await (const piece of stream) {
      pieces.push(piece);
      stream.acknowledge(piece.byteLength);
    }
    const end = AttemptEnd.parse(await stream.end).usage;
    expect(end.costNanos).toBe(costOf(end.usage, call.endpoint.price, call.admittedAtMs).nanos);
    return { bytes: Buffer.concat(pieces), head, end, failure: null };
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    return { bytes: Buffer.concat(pieces), head, end: null, failure: error.failure };
  }
}

describe('speech', () => {
  const perCharacter = { upstreamModel: 'speak', price: { ...price, character: 15_000_000n } };
  const perToken = { upstreamModel: 'voice', price: { ...price, prompt: 600_000n, audioOutput: 12_000_000n } };
  const input = 'one two three four';

  it('passes as the bytes that the provider makes, and costs its characters', async () => {
    const { bytes, head, end } = await ask('speech', perCharacter, { input, voice: 'alloy', response_format: 'mp3' });
    expect(head).toMatchObject({ status: 200, contentType: 'audio/mpeg' });
    expect(bytes.byteLength % 960).toBe(0);
    expect(end).toMatchObject({
      outcome: 'final',
      streamed: true,
      costNanos: BigInt(input.length) * 15_000n,
      usage: { source: 'reported', inputCharacters: input.length },
    });
    const events = await ask('speech', perToken, { input, voice: 'alloy' });
    expect(events.bytes).toEqual(bytes);
    expect(events.head).toMatchObject({ contentType: 'audio/pcm' });
    expect(events.end?.usage).toMatchObject({ inputTokens: 4, audioOutputTokens: (bytes.byteLength / 960) * 2 });
  });

  it.each([
    ['an unknown voice', { voice: 'nobody' }, { code: 'upstream_rejected', retryable: false }],
    ['an error', { input: '[[fault: status=503]]' }, { retryable: true }],
    ['no audio at all', { input: '[[fault: blank]] x' }, { code: 'upstream_invalid_response', retryable: true }],
    ['a cut before the first piece', { input: '[[fault: cut after=0]] x' }, { retryable: true }],
  ])('that fails by %s costs nothing and may be tried elsewhere where that helps', async (_, body, failure) => {
    const seen = await ask('speech', perCharacter, { input, voice: 'alloy', ...body });
    expect(seen.failure).toMatchObject({ ...failure, usage: null });
    expect(seen.bytes).toHaveLength(0);
  });

  it('that is cut when it had begun is the house’s', async () => {
    for (const endpoint of [perCharacter, perToken]) {
      const { failure, bytes } = await ask('speech', endpoint, {
        input: '[[fault: cut after=2]] a b c',
        voice: 'echo',
      });
      expect(bytes).toHaveLength(2 * 960);
      expect(failure).toMatchObject({ code: 'upstream_disconnected', usage: { outcome: 'insured' } });
      expect(failure?.usage?.costNanos).toBeGreaterThan(0n);
    }
  });

  it('that its client leaves costs its characters', async () => {
    const call = attemptCall({ job: 'speech', stream: true, endpoint: { ...perCharacter, supportedParameters: [] } });
    const long = 'word '.repeat(800);
    const body = packJobBody({ json: { model: 'm', input: long, voice: 'echo' }, files: [] });
    // So small a window that the answer is still on its way.
    const stream = await harness.client.open({ provider: 'sandbox', meta: wireOf(call), body, windowBytes: 2_000 });
    const iterator = stream[Symbol.asyncIterator]();
    expect((await iterator.next()).done).not.toBe(true);
    const usage = usageOfOutcome(await stream.cancel('client_closed_request'));
    expect(usage).toMatchObject({ outcome: 'estimate', cancelled: true, usage: { inputCharacters: long.length } });
  });
});

describe('transcriptions', () => {
  const perSecond = {
    upstreamModel: 'listen',
    supportedParameters: ['timestamp_granularities'],
    price: { ...price, second: 100_000_000n },
  };
  const recording = file(Buffer.alloc(20_000, 7));

  it('go up as a form and come back in the form that was asked for, billed by the second', async () => {
    const { bytes, head, end } = await ask('transcription', perSecond, { response_format: 'srt' }, [recording]);
    expect(head).toMatchObject({ contentType: 'text/plain; charset=utf-8' });
    expect(bytes.toString()).toMatch(/^1\n00:00:00,000 --> 00:00:01,000\nthe\n\n2\n/);
    expect(end).toMatchObject({ outcome: 'final', streamed: false, usage: { inputSeconds: 3 }, costNanos: 300_000n });
  });

  it('of 20 MB pass through the bus to the byte', async () => {
    const large = Buffer.alloc(20 * 1024 * 1024, 'audio of some length');
    const { bytes, end } = await ask('transcription', perSecond, {}, [file(large)]);
    const { text } = JSON.parse(bytes.toString()) as { text: string };
    const { createHash } = await import('node:crypto');
    expect(text.endsWith(createHash('sha256').update(large).digest('hex').slice(0, 8))).toBe(true);
    expect(end?.usage.inputSeconds).toBe(Math.ceil(large.length / 8_000));
  }, 30_000);

  it('are billed by the token where their model is', async () => {
    const perToken = { upstreamModel: 'hear', price: { ...price, completion: 10_000_000n, audioInput: 2_500_000n } };
    const { bytes, end } = await ask('transcription', perToken, {}, [recording]);
    expect(end?.usage).toMatchObject({ audioInputTokens: 30 });
    expect(JSON.parse(bytes.toString())).toMatchObject({ usage: { type: 'tokens', input_tokens: 30 } });
  });

  it('without a word on their length are billed by an estimate', async () => {
    const silent = { ...perSecond, supportedParameters: [] };
    const { end } = await ask('transcription', silent, { prompt: '[[fault: usage=none]]' }, [recording]);
    expect(end).toMatchObject({ outcome: 'estimate', usage: { source: 'estimated', inputSeconds: 2 } });
  });

  it('of what cannot be heard are refused by the provider', async () => {
    const { failure } = await ask('transcription', perSecond, {}, [{ ...recording, filename: 'a.txt' }]);
    expect(failure).toMatchObject({ code: 'upstream_rejected', retryable: false, usage: null });
  });
});

describe('images', () => {
  const perToken = {
    upstreamModel: 'draw',
    price: { ...price, prompt: 5_000_000n, imageToken: 10_000_000n, imageOutput: 40_000_000n },
  };
  const perImage = { upstreamModel: 'paint', price: { ...price, outputImage: 40_000_000_000n } };
  const drawn = (bytes: Buffer) =>
    JSON.parse(bytes.toString()) as { data: { b64_json: string }[]; usage: { cost: number } };

  it('are billed by their tokens, or by the piece', async () => {
    const first = await ask('image', perToken, { prompt: 'a red fox', n: 2, quality: 'high' });
    expect(first.end?.usage).toMatchObject({ inputTokens: 3, imageOutputTokens: 8_320 });
    expect(drawn(first.bytes).data.map(({ b64_json }) => b64_json.length > 2_000_000)).toEqual([true, true]);
    const second = await ask('image', perImage, { prompt: 'a red fox', n: 3 });
    expect(second.end?.costNanos).toBe(120_000_000n);
    expect(drawn(second.bytes).usage.cost).toBe(0.12);
  });

  it('that others are made of go up as files, and cost as well', async () => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64');
    const { end } = await ask('image', perToken, { prompt: 'as a painting' }, [
      { field: 'image', filename: 'x.png', contentType: 'image/png', bytes: png },
    ]);
    expect(end?.usage).toMatchObject({ imageInputTokens: 100 });
    expect((await harness.simulator.book()).map(({ path }) => path)).toEqual(['/v1/images/edits']);
  });

  it.each([
    ['none', '[[fault: blank]] x', 'upstream_invalid_response'],
    ['half of one', '[[fault: cut after=0]] x', 'upstream_disconnected'],
  ])('of which %s comes are not billed', async (_, prompt, code) => {
    const { failure } = await ask('image', perImage, { prompt });
    expect(failure).toMatchObject({ code, retryable: true, usage: null });
  });
});
