import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { waitUntil } from '@switchyard/testing';
import { toFile } from 'openai';
import { availableNanos, costNanos, START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

/** So many seconds for the simulator, which hears 8,000 bytes in each. */
const recordingOf = (seconds: number) => Buffer.alloc(seconds * 8_000, 'sound');
const TIMEOUT_MS = 60_000;

describe('images, speech and transcriptions, through the whole system', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const idOf = (response: Response): string => response.headers.get('x-generation-id') ?? '';

  /** Waits until the credits have gone down by exactly this since `beforeNanos`. */
  const settled = (cost: number, beforeNanos: bigint) =>
    waitUntil(async () => beforeNanos - (await availableNanos(stack)) === costNanos(cost), {
      what: `the credits go down by ${cost}`,
      timeoutMs: 30_000,
    });

  /** The generation as the public API tells of it, once the credits have gone down by exactly its cost. */
  async function paid(response: Response, cost: number, beforeNanos: bigint) {
    await settled(cost, beforeNanos);
    const { body } = await stack.api(`/generation?id=${idOf(response)}`, { key: stack.account.apiKey });
    expect(body['data']).toMatchObject({ id: idOf(response), total_cost: cost });
    const audit = await stack.api('/audit');
    expect(audit.body['data']?.['violations']).toEqual([]);
    return body['data'];
  }

  it(
    'draws through the official client, and pays for what was drawn',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const { data: answer, response } = await stack.client.images
        .generate({ model: 'sandbox/draw', prompt: 'a red fox', n: 2, quality: 'medium', size: '1024x1024' })
        .withResponse();
      const images = (answer.data ?? []).map(({ b64_json: base64 }) => Buffer.from(base64 ?? '', 'base64'));
      expect(images.map((image) => image.subarray(1, 4).toString())).toEqual(['PNG', 'PNG']);
      expect(images[0]).not.toEqual(images[1]);
      expect(answer.usage).toMatchObject({ input_tokens: 3, output_tokens: 2_112 });
      // 3 tokens at $5 and 2,112 at $40 per million.
      const generation = await paid(response, 0.084495, beforeNanos);
      expect(generation).toMatchObject({ api_type: 'image', provider_name: 'Sandbox', streamed: false });
      expect(generation).toMatchObject({ native_tokens_completion_images: 2_112, usage_source: 'reported' });
    },
    TIMEOUT_MS,
  );

  it(
    'draws again what was sent as files, and where an image has one price takes that',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const png = await toFile(Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64'), 'me.png', { type: 'image/png' });
      const edited = await stack.client.images
        .edit({ model: 'sandbox/draw', image: [png, png], prompt: 'as a painting', quality: 'low' })
        .withResponse();
      expect(edited.data.usage?.input_tokens_details).toMatchObject({ image_tokens: 200, text_tokens: 3 });
      // 3 tokens at $5, 200 at $10 and 272 at $40 per million.
      await paid(edited.response, 0.012895, beforeNanos);

      const openRouter = await stack.api('/images', {
        method: 'POST',
        key: stack.account.apiKey,
        body: JSON.stringify({ model: 'sandbox/paint', prompt: 'a red fox', aspect_ratio: '16:9', n: 3 }),
      });
      expect(openRouter.status).toBe(200);
      expect(openRouter.body).toMatchObject({
        created: expect.any(Number),
        data: Array.from({ length: 3 }, () => ({ b64_json: expect.any(String), media_type: 'image/png' })),
        usage: { cost: 0.12 },
      });
      await settled(0.132895, beforeNanos);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['sandbox/speak', 'mp3', 'audio/mpeg', 0.000285],
    ['sandbox/voice', 'opus', 'audio/opus', 0.0000738],
  ] as const)(
    'speaks with %s through the official client, as %s, byte for byte',
    async (model, format, type, cost) => {
      const beforeNanos = await availableNanos(stack);
      const input = 'good morning, world';
      const { data: answer, response } = await stack.client.audio.speech
        .create({ model, input, voice: 'alloy', response_format: format })
        .withResponse();
      expect(response.headers.get('content-type')).toBe(type);
      const audio = Buffer.from(await answer.arrayBuffer());
      expect(audio.byteLength).toBe(3 * 960);
      expect(await paid(response, cost, beforeNanos)).toMatchObject({ api_type: 'tts', streamed: true });
    },
    TIMEOUT_MS,
  );

  it(
    'writes down what it hears, in every form that the official client asks for',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const file = await toFile(recordingOf(3), 'secret-meeting.mp3', { type: 'audio/mpeg' });
      const base = { model: 'sandbox/listen', file } as const;
      const { data: plain, response } = await stack.client.audio.transcriptions.create(base).withResponse();
      expect(plain.text).toMatch(/^the quick brown /);
      expect(plain.usage).toMatchObject({ type: 'duration', seconds: 3, cost: 0.0003 });
      expect(await paid(response, 0.0003, beforeNanos)).toMatchObject({ api_type: 'stt', streamed: false });

      const granularities = ['segment'] as ('segment' | 'word')[];
      const verbose = await stack.client.audio.transcriptions.create({
        ...base,
        response_format: 'verbose_json',
        timestamp_granularities: granularities,
        language: 'en',
      });
      expect(verbose).toMatchObject({ text: plain.text, duration: 3, language: 'en' });
      expect(verbose.segments).toHaveLength(3);
      const [text, srt, vtt] = [
        await stack.client.audio.transcriptions.create({ ...base, response_format: 'text' }),
        await stack.client.audio.transcriptions.create({ ...base, response_format: 'srt' }),
        await stack.client.audio.transcriptions.create({ ...base, response_format: 'vtt' }),
      ];
      expect(text).toBe(`${plain.text}\n`);
      expect(srt).toMatch(/^1\n00:00:00,000 --> 00:00:01,000\nthe\n/);
      expect(vtt).toMatch(/^WEBVTT\n\n00:00:00\.000 --> /);
      await settled(5 * 0.0003, beforeNanos);
    },
    TIMEOUT_MS,
  );

  it(
    'hears base64 in JSON as OpenRouter has it, bills tokens, and takes 20 MB',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const hear = (seconds: number, model = 'sandbox/hear') =>
        fetch(`${stack.baseUrl}/audio/transcriptions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${stack.account.apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model,
            input_audio: { data: recordingOf(seconds).toString('base64'), format: 'wav' },
          }),
        });
      const response = await hear(4);
      const answer = (await response.json()) as { usage: { cost: number } };
      expect(answer.usage).toMatchObject({ input_tokens: 40, type: 'tokens' });
      await paid(response, answer.usage.cost, beforeNanos);

      const large = await hear(2_600, 'sandbox/listen');
      expect(large.status).toBe(200);
      expect(await large.json()).toMatchObject({ usage: { seconds: 2_600, cost: 0.26 } });
      await settled(answer.usage.cost + 0.26, beforeNanos);
    },
    TIMEOUT_MS,
  );

  it(
    'serves a form once under its idempotency key',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const headers = { 'Idempotency-Key': randomUUID() };
      const create = async (seconds: number) => {
        const file = await toFile(recordingOf(seconds), 'a.wav', { type: 'audio/wav' });
        return stack.client.audio.transcriptions.create({ model: 'sandbox/listen', file }, { headers, maxRetries: 0 });
      };
      await create(1);
      await expect(create(1)).rejects.toMatchObject({ status: 409 });
      await expect(create(2)).rejects.toMatchObject({ status: 422 });
      await settled(0.0001, beforeNanos);
    },
    TIMEOUT_MS,
  );

  it(
    'refuses bad requests in words, and charges nothing for them',
    async () => {
      const beforeNanos = await availableNanos(stack);
      const { client } = stack;
      const file = await toFile(recordingOf(1), 'a.wav', { type: 'audio/wav' });
      const speak = (voice: string, model = 'sandbox/speak') =>
        client.audio.speech.create({ model, input: 'x', voice });
      await expect(speak('nobody')).rejects.toMatchObject({ status: 400 });
      await expect(speak('alloy', 'sandbox/unheard-of')).rejects.toMatchObject({ status: 400 });
      await expect(speak('alloy', 'sandbox/echo')).rejects.toMatchObject({ status: 404 });
      const srt = { model: 'sandbox/hear', file, response_format: 'srt' } as const;
      await expect(client.audio.transcriptions.create(srt)).rejects.toMatchObject({ status: 404 });

      const send = async (contentType: string, body: string | Buffer, path = 'audio/transcriptions') => {
        const response = await fetch(`${stack.baseUrl}/${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${stack.account.apiKey}`, 'content-type': contentType },
          body: typeof body === 'string' ? body : Uint8Array.from(body),
        });
        const { error } = (await response.json()) as { error: { code: number; metadata: { code: string } } };
        return [response.status, error.metadata.code];
      };
      const form = 'multipart/form-data; boundary=x';
      const part = (head: string, content: string) =>
        `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
      const model = part('name="model"', 'sandbox/listen');
      const upload = part('name="file"; filename="a.wav"', 'y'.repeat(26 * 1024 * 1024));
      expect(await send('text/plain', 'hello')).toEqual([415, 'unsupported_media_type']);
      expect(await send(form, `${model}--x--\r\n`)).toEqual([400, 'invalid_request']);
      expect(await send(form, `${model}--x\r\nContent-Disposition: form-da`)).toEqual([400, 'invalid_request']);
      expect(await send(form, `${model}${upload}--x--\r\n`)).toEqual([413, 'payload_too_large']);
      expect(await send(form, model, 'chat/completions')).toEqual([415, 'unsupported_media_type']);
      await settled(0, beforeNanos);
    },
    TIMEOUT_MS,
  );
});
