import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fault } from './fault.js';
import { parseFault } from './fault.js';
import { answer, begun, refuse } from './job-answers.js';
import { tokensOf } from './tokens.js';
import type { Wire } from './wire.js';

/** Routes of images and sound, by the end of their path. */
export const MEDIA_ROUTE = /\/(?:images\/(?:generations|edits)|audio\/(?:speech|transcriptions))$/;

export interface MediaContext {
  readonly wire: Wire;
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  ordered(model: string): Fault;
}

/** What a request asks for, whether it came as JSON or as a form. */
interface Asked {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly field: string; readonly name: string; readonly bytes: Buffer }[];
}

/**
 * Answers images, speech and transcriptions in OpenAI's format, deterministically: what comes out follows from what went in. Of the
 * faults it knows `status`, `delay`, `usage=none`, `cut after=N` (of speech: pieces; else half the body), `blank` and `label`; a
 * recording has them in `prompt`.
 */
export async function answerMedia(context: MediaContext): Promise<void> {
  const { wire, path } = context;
  const asked = await askedOf(context);
  const { model, prompt, input } = asked.fields;
  if (typeof model !== 'string') return refuse(wire, 400, 'The body names no model.');
  const text = [prompt, input].filter((each) => typeof each === 'string').join('');
  const fault = { ...parseFault(text), ...context.ordered(model) };
  if (!(await begun(wire, model, fault))) return;
  if (path.endsWith('/speech')) return speak(wire, asked, fault);
  if (path.endsWith('/transcriptions')) return transcribe(wire, asked, fault);
  return draw(wire, asked, fault, path.endsWith('/edits'));
}

async function askedOf({ contentType, body }: MediaContext): Promise<Asked> {
  if (!contentType.startsWith('multipart/form-data'))
    return { fields: z.record(z.string(), z.unknown()).catch({}).parse(parsed(body)), files: [] };
  const form = await new Response(Uint8Array.from(body), { headers: { 'content-type': contentType } }).formData();
  const entries = [...form.entries()];
  const files = entries.flatMap(([field, value]) => (typeof value === 'string' ? [] : [{ field, value }]));
  return {
    fields: Object.fromEntries(entries.filter(([, value]) => typeof value === 'string')),
    files: await Promise.all(
      files.map(async ({ field, value }) => ({
        field,
        name: value.name,
        bytes: Buffer.from(await value.arrayBuffer()),
      })),
    ),
  };
}

const SpeechBody = z.looseObject({
  input: z.string().min(1).max(4096),
  voice: z.enum(['alloy', 'echo', 'nova']),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).default('mp3'),
  stream_format: z.enum(['audio', 'sse']).default('audio'),
});

/** Of audio there is a piece of this size for each token of the text. */
const PIECE_BYTES = 960;
const AUDIO_TOKENS_PER_PIECE = 2;

async function speak(wire: Wire, { fields }: Asked, fault: Fault): Promise<void> {
  const parsedBody = SpeechBody.safeParse(fields);
  if (!parsedBody.success) return refuse(wire, 400, 'The voice or the format is not known.');
  const { input, voice, response_format: format, stream_format: stream } = parsedBody.data;
  const isEvents = stream === 'sse';
  const words = fault.blank ? [] : tokensOf(input);
  wire.head(200, { 'content-type': isEvents ? 'text/event-stream' : `audio/${format === 'mp3' ? 'mpeg' : format}` });
  for (const [index] of words.entries()) {
    if (index === fault.cutAfter) return wire.destroy('fin');
    const piece = noise(`${voice} ${input} ${index}`, PIECE_BYTES);
    const event = { type: 'speech.audio.delta', audio: piece.toString('base64') };
    await wire.write(isEvents ? `data: ${JSON.stringify(event)}\n\n` : piece, 1);
  }
  if (isEvents) {
    const output = words.length * AUDIO_TOKENS_PER_PIECE;
    const usage = { input_tokens: words.length, output_tokens: output, total_tokens: words.length + output };
    await wire.write(
      `data: ${JSON.stringify({ type: 'speech.audio.done', ...(fault.usage !== 'none' && { usage }) })}\n\n`,
    );
  }
  await wire.end();
}

const BYTES_PER_SECOND = 8_000;
const WORDS = ['the', 'quick', 'brown', 'fox', 'jumps', 'over', 'a', 'lazy', 'dog'] as const;

async function transcribe(wire: Wire, { fields, files }: Asked, fault: Fault): Promise<void> {
  const file = files.find(({ field }) => field === 'file');
  if (!file || !/\.(?:wav|mp3|flac|ogg|webm|m4a)$/.test(file.name))
    return refuse(wire, 400, 'The file cannot be heard.');
  const seconds = file.bytes.length / BYTES_PER_SECOND;
  const words = WORDS.slice(0, Math.max(1, Math.min(WORDS.length, Math.ceil(seconds))));
  const text = fault.blank ? '' : `${words.join(' ')} ${digestOf(file.bytes).slice(0, 8)}`;
  const isTokens = fields['model'] === 'hear';
  const tokens = { input_tokens: Math.ceil(seconds) * 10, output_tokens: tokensOf(text).length };
  const usage = isTokens
    ? { type: 'tokens', ...tokens, total_tokens: tokens.input_tokens + tokens.output_tokens }
    : { type: 'duration', seconds: Math.ceil(seconds) };
  const segments = words.map((word, id) => ({ id, start: id, end: id + 1, text: ` ${word}` }));
  const isVerbose = fields['response_format'] === 'verbose_json';
  const body = {
    ...(isVerbose && { task: 'transcribe', language: fields['language'] ?? 'english', duration: seconds, segments }),
    text,
    ...(fault.usage !== 'none' && { usage }),
  };
  await answer(wire, body, fault);
}

/** A PNG of one pixel; what comes behind its end is the picture's own and makes it as large as asked for. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);
const BYTES_BY_QUALITY: Readonly<Record<string, number>> = { low: 0, medium: 64 * 1024, high: 2 * 1024 * 1024 };
const TOKENS_BY_QUALITY: Readonly<Record<string, number>> = { low: 272, medium: 1_056, high: 4_160 };
const TOKENS_PER_INPUT_IMAGE = 100;
const DrawBody = z.looseObject({ prompt: z.string().min(1), n: z.coerce.number().int().min(1).max(10).default(1) });

async function draw(wire: Wire, { fields, files }: Asked, fault: Fault, isEdit: boolean): Promise<void> {
  const parsedBody = DrawBody.safeParse(fields);
  if (!parsedBody.success || (isEdit && files.length === 0)) return refuse(wire, 400, 'There is nothing to draw.');
  const { prompt, n } = parsedBody.data;
  const quality = typeof fields['quality'] === 'string' ? fields['quality'] : 'low';
  const about = files.map(({ bytes }) => digestOf(bytes)).join(' ');
  const data = Array.from({ length: fault.blank ? 0 : n }, (_, index) => {
    const rest = noise(`${prompt} ${about} ${index}`, BYTES_BY_QUALITY[quality] ?? 0);
    return { b64_json: Buffer.concat([PIXEL, rest]).toString('base64') };
  });
  const images = files.length * TOKENS_PER_INPUT_IMAGE;
  const text = tokensOf(prompt).length;
  const output = data.length * (TOKENS_BY_QUALITY[quality] ?? TOKENS_BY_QUALITY['medium']!);
  const usage = {
    input_tokens: text + images,
    output_tokens: output,
    total_tokens: text + images + output,
    input_tokens_details: { text_tokens: text, image_tokens: images },
  };
  const created = Math.floor(wire.entry.startedAtMs / 1000);
  await answer(wire, { created, data, ...(fault.usage !== 'none' && { usage }) }, fault);
}

const digestOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that follow from a text. */
function noise(seed: string, length: number): Buffer {
  const block = createHash('sha512').update(seed).digest();
  return Buffer.alloc(length, block);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
