import { Buffer } from 'node:buffer';
import { GatewayError } from '@switchyard/contracts';
import type { Price } from '@switchyard/contracts';
import { billing, context } from '../testing/builders.js';
import { through } from '../testing/chunks.js';
import { bodyOf, endpoint, faultOf, perPiece, perToken, recording } from '../testing/media.js';
import { packJobBody, planJob, unpackJobBody } from './index.js';

describe('a body on the bus', () => {
  it('is plain JSON without files, and comes back to the byte with them', () => {
    expect(Buffer.from(packJobBody(bodyOf({ input: 'ä' }))).toString()).toBe('{"model":"a/m","input":"ä"}');
    const body = bodyOf({ prompt: 'x' }, [recording, { ...recording, field: 'mask', bytes: Buffer.from([0, 1, 255]) }]);
    const { json, files } = unpackJobBody(packJobBody(body));
    expect(json).toEqual(body.json);
    expect(files.map(({ bytes, ...file }) => ({ ...file, bytes: Buffer.from(bytes) }))).toEqual(body.files);
  });

  it.each([
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, bytes.byteLength - 1)],
    ['longer than its head says', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from([1])])],
    ['nothing but a beginning', () => Buffer.from([1, 0])],
    ['no JSON', () => Buffer.from('{')],
  ])('that is %s is refused', (_, change) => {
    expect(() => unpackJobBody(change(packJobBody(bodyOf({}, [recording]))))).toThrow(GatewayError);
  });
});

describe('speech', () => {
  const request = { input: 'Grüße 👋', voice: 'alloy' };
  const laneOf = (json: object, price: Price) =>
    planJob('speech', bodyOf(json), 'openai-chat', { endpoint: { ...endpoint, price } }).lane(context);
  async function heard(lane: ReturnType<typeof laneOf>, chunks: readonly (string | Buffer)[]): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    const source = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })();
    for await (const piece of through(lane, source)) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  const delta = (bytes: string) =>
    `data: ${JSON.stringify({ type: 'speech.audio.delta', audio: Buffer.from(bytes).toString('base64') })}\n\n`;
  const done = `data: ${JSON.stringify({ type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 40, total_tokens: 43 } })}\n\n`;

  it('is asked for as raw audio where characters have a price, and as events where tokens have', () => {
    const sent = (price: Price) =>
      planJob('speech', bodyOf({ ...request, speed: 1.5 }), 'openai-chat', { endpoint: { ...endpoint, price } })
        .upstream;
    expect(sent(perPiece)).toMatchObject({ path: '/audio/speech' });
    expect(sent(perPiece).body).toEqual({ model: 'up', ...request, response_format: 'pcm', speed: 1.5 });
    expect(sent(perToken).body).toMatchObject({ stream_format: 'sse' });
  });

  it('that is raw passes byte for byte and is billed by the characters of its text', async () => {
    const lane = laneOf({ ...request, response_format: 'mp3' }, perPiece);
    expect(lane.contentType).toBe('audio/mpeg');
    expect(await heard(lane, ['ab\n\nc', Buffer.from([0, 255])])).toEqual(
      Buffer.concat([Buffer.from('ab\n\nc'), Buffer.from([0, 255])]),
    );
    expect(lane.summary).toMatchObject({
      terminal: true,
      finishReason: 'stop',
      usage: { source: 'reported', inputCharacters: 7 },
    });
    expect(Buffer.from(lane.renderEnd(billing))).toHaveLength(0);
  });

  it('in events is decoded wherever reads fall, and billed by the tokens of the last event', async () => {
    const whole = delta('first ') + delta('second') + done;
    for (const size of [1, 7, 64, whole.length]) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.slice(index * size, (index + 1) * size),
      );
      const lane = laneOf(request, perToken);
      expect((await heard(lane, chunks)).toString()).toBe('first second');
      expect(lane.summary.usage).toMatchObject({ inputTokens: 3, audioOutputTokens: 40 });
    }
  });

  it.each([
    ['nothing', perPiece, [], 'upstream_invalid_response'],
    ['events without audio', perToken, [done], 'upstream_invalid_response'],
    [
      'audio that is no base64',
      perToken,
      ['data: {"type":"speech.audio.delta","audio":"%"}\n\n'],
      'upstream_invalid_response',
    ],
    ['an error', perToken, ['data: {"error":{"message":"busy","code":503}}\n\n'], expect.stringMatching(/^upstream_/)],
  ])('fails for %s', async (_, price, chunks, code) => {
    const lane = laneOf(request, price);
    await heard(lane, chunks);
    expect(lane.summary).toMatchObject({ usage: null, finishReason: null, failure: { code } });
  });

  it('that breaks off is no answer, and is estimated by what was heard', async () => {
    const lane = laneOf(request, perToken);
    await heard(lane, [delta('x'.repeat(48_000))]);
    expect(lane.summary).toMatchObject({ terminal: false, usage: null, failure: null });
    expect(lane.summary.partialUsage).toMatchObject({ source: 'estimated', audioOutputTokens: 21 });
  });

  it('takes only audio for audio', () => {
    const [raw, events] = [laneOf(request, perPiece), laneOf(request, perToken)];
    const types = [
      'audio/mpeg',
      'application/octet-stream',
      'text/event-stream',
      'application/json',
      'text/html',
      undefined,
    ];
    expect(types.map((type) => raw.accepts?.(type))).toEqual([true, true, false, false, false, true]);
    expect(types.map((type) => events.accepts?.(type))).toEqual([false, false, true, false, false, true]);
  });

  it.each([
    [{ input: '' }, 'invalid_request input'],
    [{ input: 5 }, 'invalid_request input'],
    [{ input: 'a', response_format: 'midi' }, 'invalid_request response_format'],
    [{ input: 'a', speed: 9 }, 'invalid_request speed'],
    [{ input: 'a', input_references: [] }, 'unsupported_parameter input_references'],
    [{ input: 'a', stream_format: 'sse' }, 'unsupported_parameter stream_format'],
  ])('is refused as %j', (json, fault) => {
    expect(faultOf('speech', bodyOf(json))).toBe(fault);
  });
});
