import { Buffer } from 'node:buffer';
import { GatewayError, usageOf } from '@switchyard/contracts';
import type { JobId, Price, ProtocolId } from '@switchyard/contracts';
import { billing, context, endpointOf } from '../testing/builders.js';
import { packJobBody, parseJob, planJob, servesJob, unpackJobBody } from './index.js';
import type { JobBody } from './job-body.js';
import { planWhole } from './plan-job.js';

const perPiece: Price = { version: 'v1', prompt: 0n, completion: 0n, character: 1n, second: 1n, outputImage: 1n };
const perToken: Price = { version: 'v1', prompt: 1n, completion: 1n };
const bodyOf = (json: object, files: JobBody['files'] = []): JobBody => ({ json: { model: 'a/m', ...json }, files });
const endpoint = endpointOf({ upstreamModel: 'up', price: perToken });

const faultOf = (job: JobId, body: JobBody): string => {
  try {
    parseJob(job, body);
  } catch (error) {
    if (error instanceof GatewayError)
      return `${error.code} ${String(error.metadata['path'] ?? error.metadata['parameters'])}`;
  }
  return 'no fault';
};

/** A WAV file of so many seconds: 8,000 bytes each. */
function wav(seconds: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + seconds * 8_000, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(seconds * 8_000, 40);
  return Buffer.concat([head, Buffer.alloc(seconds * 8_000)]);
}
const recording = { field: 'file', filename: 'Meeting with Ada.wav', contentType: 'audio/wav', bytes: wav(3) };
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64');

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
    for await (const piece of lane.stream(source)) pieces.push(piece);
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

describe('a transcription', () => {
  const timed = endpointOf({
    upstreamModel: 'whisper',
    supportedParameters: ['timestamp_granularities'],
    price: perPiece,
  });
  const plain = endpointOf({ upstreamModel: 'up', supportedParameters: [], price: perToken });
  const answered = (json: object, text: string, served = timed) => {
    const lane = planJob('transcription', bodyOf(json, [recording]), 'openai-chat', { endpoint: served }).lane(context);
    lane.response(text);
    return {
      summary: lane.summary,
      type: lane.contentType,
      text: Buffer.from(lane.renderResponse({ ...billing, usage: lane.summary.usage ?? billing.usage })).toString(),
    };
  };
  const verbose = JSON.stringify({
    task: 'transcribe',
    language: 'english',
    duration: 2.4,
    text: 'Hello there. Bye.',
    segments: [
      { id: 0, start: 0, end: 1.5, text: ' Hello there.' },
      { id: 1, start: 1.5, end: 3_662.25, text: ' Bye.' },
    ],
  });

  it('is sent as a form with the audio under a name of ours, and asks for what tells the length', () => {
    const { upstream } = planJob(
      'transcription',
      bodyOf({ language: 'de', temperature: 0.2 }, [recording]),
      'openai-chat',
      { endpoint: timed },
    );
    expect(upstream).toMatchObject({
      path: '/audio/transcriptions',
      body: { model: 'whisper', language: 'de', temperature: 0.2, response_format: 'verbose_json' },
    });
    expect(upstream.files).toEqual([
      { field: 'file', filename: 'audio.wav', contentType: 'audio/wav', bytes: recording.bytes },
    ]);
    const other = planJob('transcription', bodyOf({}, [recording]), 'openai-chat', { endpoint: plain });
    expect(other.upstream.body).toEqual({ model: 'up', response_format: 'json' });
  });

  it('from base64 in JSON is the same recording', () => {
    const input = { data: Buffer.from(recording.bytes).toString('base64'), format: 'wav' };
    const { upstream } = planJob('transcription', bodyOf({ input_audio: input }), 'mistral', { endpoint: plain });
    expect(Buffer.from(upstream.files?.[0]?.bytes ?? [])).toEqual(recording.bytes);
    expect(upstream.body).toEqual({ model: 'up' });
  });

  it.each([
    ['json', 'application/json', (text: string) => JSON.parse(text).text, 'Hello there. Bye.'],
    ['text', 'text/plain; charset=utf-8', (text: string) => text, 'Hello there. Bye.\n'],
    [
      'srt',
      'text/plain; charset=utf-8',
      (text: string) => text,
      '1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n00:00:01,500 --> 01:01:02,250\nBye.\n\n',
    ],
    [
      'vtt',
      'text/plain; charset=utf-8',
      (text: string) => text,
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n00:00:01.500 --> 01:01:02.250\nBye.\n\n',
    ],
    ['verbose_json', 'application/json', (text: string) => JSON.parse(text).segments.length, 2],
  ])('is answered as %s, whatever the provider was asked for', (format, type, read, expected) => {
    const seen = answered({ response_format: format }, verbose);
    expect(seen.type).toBe(type);
    expect(read(seen.text)).toEqual(expected);
    expect(seen.summary.usage).toMatchObject({ inputSeconds: 3, requests: 1 });
  });

  it('is billed by what its provider reports: seconds, tokens or both', () => {
    const usage = (reported: object) => answered({}, JSON.stringify({ text: 'a', usage: reported })).summary.usage;
    expect(usage({ type: 'duration', seconds: 9 })).toMatchObject({ inputSeconds: 9, audioInputTokens: 0 });
    const tokens = {
      type: 'tokens',
      input_tokens: 37,
      input_token_details: { text_tokens: 7, audio_tokens: 30 },
      output_tokens: 12,
    };
    expect(usage(tokens)).toEqual(
      usageOf({ source: 'reported', inputTokens: 7, audioInputTokens: 30, outputTokens: 12, requests: 1 }),
    );
    expect(usage({ prompt_audio_seconds: 4, prompt_tokens: 5, completion_tokens: 6 })).toMatchObject({
      inputSeconds: 4,
      audioInputTokens: 5,
      outputTokens: 6,
    });
    const silent = answered({}, '{"text":"a"}').summary;
    expect(silent).toMatchObject({ usage: null, partialUsage: { source: 'estimated', inputSeconds: 4 } });
  });

  it('at Groq lasts ten seconds for the bill', () => {
    const groq = { ...timed, provider: 'groq' };
    expect(answered({}, verbose, groq).summary.usage).toMatchObject({ inputSeconds: 10 });
  });

  it.each(['{}', '{"text":5}', 'x', '{"text":"without segments"}'])('of %s is broken', (text) => {
    expect(answered({ response_format: 'srt' }, text).summary.failure).toMatchObject({
      code: 'upstream_invalid_response',
    });
  });

  it('asks for endpoints that tell times only where it needs them', () => {
    const needs = (format: string) => parseJob('transcription', bodyOf({ response_format: format }, [recording])).needs;
    expect(['json', 'text'].map(needs)).toEqual([[], []]);
    expect(needs('vtt')).toEqual(['timestamp_granularities']);
  });

  it('is bounded by the length that its head states, or by the least rate of its format', () => {
    const seconds = (filename: string, bytes: Uint8Array) =>
      parseJob('transcription', bodyOf({}, [{ ...recording, filename, bytes }])).size.pieces?.seconds;
    expect(seconds('a.wav', wav(3))).toBe(4);
    expect(seconds('a.mp3', Buffer.alloc(60_000))).toBe(60);
    expect(seconds('a.ogg', Buffer.alloc(60_000))).toBe(240);
    // A head that claims more bytes per second than its own samples have would make a long recording short.
    const liar = wav(3);
    liar.writeUInt32LE(4_000_000_000, 28);
    expect(seconds('a.wav', liar)).toBe(4);
  });

  it.each<[string, JobBody, string]>([
    ['nothing to hear', bodyOf({}), 'invalid_request file'],
    ['an empty file', bodyOf({}, [{ ...recording, bytes: Buffer.alloc(0) }]), 'invalid_request file'],
    ['no format', bodyOf({}, [{ ...recording, filename: 'x', contentType: 'application/x' }]), 'invalid_request file'],
    ['no base64', bodyOf({ input_audio: { data: 'a b', format: 'wav' } }), 'invalid_request input_audio.data'],
    [
      'too much',
      bodyOf({}, [{ ...recording, bytes: Buffer.alloc(25 * 1024 * 1024 + 1) }]),
      'payload_too_large undefined',
    ],
    ['a stream', bodyOf({ stream: true }, [recording]), 'unsupported_parameter stream'],
    ['an unknown form', bodyOf({ response_format: 'diarized_json' }, [recording]), 'invalid_request response_format'],
  ])('is refused for %s', (_, body, fault) => {
    expect(faultOf('transcription', body)).toBe(fault);
  });
});

describe('images', () => {
  const answer = JSON.stringify({
    created: 1,
    data: [{ b64_json: png.toString('base64') }, { b64_json: 'not base64' }],
    usage: {
      input_tokens: 50,
      output_tokens: 4_160,
      total_tokens: 4_210,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    },
  });
  const sent = (json: object, protocol: ProtocolId = 'openai-chat', files: JobBody['files'] = []) =>
    planJob('image', bodyOf({ prompt: 'a fox', ...json }, files), protocol, { endpoint }).upstream;

  it('are asked for in OpenAI’s words', () => {
    expect(sent({ n: 2, aspect_ratio: '16:9', quality: 'high', resolution: '2K', seed: 5 })).toEqual({
      path: '/images/generations',
      headers: { 'content-type': 'application/json' },
      body: { model: 'up', prompt: 'a fox', n: 2, size: '1536x1024', quality: 'high', response_format: 'b64_json' },
      dropped: ['resolution', 'seed'],
    });
    const own = planJob('image', bodyOf({ prompt: 'x' }), 'openai-chat', {
      endpoint: { ...endpoint, upstreamModel: 'gpt-image-1' },
    });
    expect(own.upstream.body).toEqual({ model: 'gpt-image-1', prompt: 'x' });
  });

  it('with references are an edit, whether they came as files or as data URLs', () => {
    const file = { field: 'image', filename: 'me.png', contentType: 'image/png', bytes: png };
    const reference = { type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}` } };
    for (const upstream of [sent({}, 'openai-chat', [file]), sent({ input_references: [reference] })]) {
      expect(upstream.path).toBe('/images/edits');
      expect(upstream.files).toEqual([
        { field: 'image[]', filename: 'image-1.png', contentType: 'image/png', bytes: png },
      ]);
    }
    expect(sent({ input_references: [reference], aspect_ratio: '9:16', resolution: '2K' }, 'gemini').body).toEqual({
      contents: [
        {
          role: 'user',
          parts: [{ text: 'a fox' }, { inlineData: { mimeType: 'image/png', data: png.toString('base64') } }],
        },
      ],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        imageConfig: { aspectRatio: '9:16', imageSize: '2K' },
      },
    });
  });

  it('are those that can be decoded, with the tokens of text and images apart', () => {
    const lane = planJob('image', bodyOf({ prompt: 'x' }), 'openai-chat', { endpoint }).lane(context);
    lane.response(answer);
    expect(lane.summary.usage).toMatchObject({
      inputTokens: 10,
      imageInputTokens: 40,
      imageOutputTokens: 4_160,
      outputImages: 1,
    });
    const body = JSON.parse(
      Buffer.from(lane.renderResponse({ ...billing, usage: lane.summary.usage! })).toString(),
    ) as object;
    expect(body).toMatchObject({
      created: context.created,
      data: [{ b64_json: png.toString('base64'), media_type: 'image/png' }],
      usage: { prompt_tokens: 50, completion_tokens: 4_160, input_tokens: 50, output_tokens: 4_160 },
    });
  });

  it('are events for a client that reads events', () => {
    const lane = planJob('image', bodyOf({ prompt: 'x', stream: true }), 'openai-chat', { endpoint }).lane(context);
    lane.response(answer);
    const text = Buffer.from(lane.renderResponse(billing)).toString();
    expect(lane.contentType).toMatch(/^text\/event-stream/);
    expect(text).toMatch(/^event: image_generation.completed\ndata: \{.*"b64_json".*\}\n\ndata: \[DONE\]\n\n$/);
  });

  it('of Gemini come out of a chat', () => {
    const planned = planWhole('image', bodyOf({ prompt: 'x' }), 'gemini', { endpoint });
    const text = JSON.stringify({
      candidates: [
        {
          content: {
            parts: [{ text: 'Here.' }, { inlineData: { mimeType: 'image/png', data: png.toString('base64') } }],
          },
        },
      ],
      usageMetadata: {
        promptTokenCount: 8,
        candidatesTokenCount: 1_300,
        thoughtsTokenCount: 20,
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
      },
    });
    expect(planned.read(text)).toMatchObject({
      usage: { inputTokens: 8, outputTokens: 10, imageOutputTokens: 1_290, reasoningTokens: 20 },
      body: { data: [{ media_type: 'image/png' }] },
    });
  });

  it.each(['{}', '{"data":[]}', '{"data":[{"b64_json":""}]}', '{"data":[{"url":"https://a.example/x.png"}]}'])(
    'of %s are none',
    (text) => {
      expect(planWhole('image', bodyOf({ prompt: 'x' }), 'openai-chat', { endpoint }).read(text)).toMatchObject({
        code: 'upstream_invalid_response',
      });
    },
  );

  it('are asked of endpoints for images alone, and of Gemini’s that also write', () => {
    expect(servesJob('image', 'openai-chat', { outputModalities: ['image'] })).toBe(true);
    expect(servesJob('image', 'openai-chat', { outputModalities: ['image', 'text'] })).toBe(false);
    expect(servesJob('image', 'gemini', { outputModalities: ['image', 'text'] })).toBe(true);
    expect(servesJob('speech', 'anthropic-messages', { outputModalities: ['speech'] })).toBe(false);
  });

  it.each<[object, string]>([
    [{}, 'invalid_request prompt'],
    [{ prompt: 'x', n: 11 }, 'invalid_request n'],
    [{ prompt: 'x', size: 'large' }, 'invalid_request size'],
    [{ prompt: 'x', size: '512x512', aspect_ratio: '1:1' }, 'invalid_request size'],
    [{ prompt: 'x', response_format: 'url' }, 'unsupported_parameter response_format'],
    [
      { prompt: 'x', input_references: [{ type: 'image_url', image_url: { url: 'http://10.0.0.1/x.png' } }] },
      'invalid_request input_references[0].image_url.url',
    ],
  ])('are refused as %j', (json, fault) => {
    expect(faultOf('image', bodyOf(json))).toBe(fault);
  });
});
