import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { GatewayError } from '@switchyard/contracts';
import { setField } from './form-fields.js';
import { MultipartBody, readMultipart } from './multipart-body.js';
import type { FormLimits } from './multipart-body.js';

const limits: FormLimits = { fileBytes: 1_000, bodyBytes: 5_000 };
const headers = { 'content-type': 'multipart/form-data; boundary=line' };
const part = (disposition: string, content: string, type = '') =>
  `--line\r\nContent-Disposition: form-data; ${disposition}\r\n${type && `Content-Type: ${type}\r\n`}\r\n${content}\r\n`;
const form = (...parts: readonly string[]) => `${parts.join('')}--line--\r\n`;
const field = (name: string, value: string) => part(`name="${name}"`, value);
const file = (content: string, name = 'file') => part(`name="${name}"; filename="a b.mp3"`, content, 'audio/mpeg');

const read = (text: string, changes: Partial<FormLimits> = {}, size = 64) => {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  return readMultipart(Readable.from(pieces), headers, { ...limits, ...changes });
};
const faultOf = async (body: Promise<unknown>): Promise<string> =>
  body.then(
    () => 'no fault',
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  );

describe('a form', () => {
  it.each([1, 7, 64, 10_000])('is read the same in pieces of %d bytes', async (size) => {
    const text = form(
      field('model', 'whisper'),
      field('temperature', '0.5'),
      field('timestamp_granularities[]', 'word'),
      field('timestamp_granularities[]', 'segment'),
      field('provider[order][]', 'openai'),
      field('provider[allow_fallbacks]', 'false'),
      file('\r\n--lin\r\n\r\n'),
      file('second', 'image[]'),
    );
    const body = await read(text, {}, size);
    expect(body.json).toEqual({
      model: 'whisper',
      temperature: 0.5,
      timestamp_granularities: ['word', 'segment'],
      provider: { order: ['openai'], allow_fallbacks: false },
    });
    expect(body.files.map(({ bytes, ...facts }) => ({ ...facts, text: Buffer.from(bytes).toString() }))).toEqual([
      { field: 'file', filename: 'a b.mp3', contentType: 'audio/mpeg', text: '\r\n--lin\r\n\r\n' },
      { field: 'image', filename: 'a b.mp3', contentType: 'audio/mpeg', text: 'second' },
    ]);
  });

  it.each([
    ['is cut inside a file', form(file('x'.repeat(200))).slice(0, 150), 'invalid_request'],
    ['is cut before its end', form(field('a', 'b')).slice(0, -6), 'invalid_request'],
    ['is no form', 'hello', 'invalid_request'],
    ['has too large a file', form(file('x'.repeat(1_001))), 'payload_too_large'],
    [
      'has too many fields',
      form(...Array.from({ length: 65 }, (_, index) => field(`f${index}`, ''))),
      'payload_too_large',
    ],
    [
      'is too large',
      form(file('x'.repeat(900)), file('x'.repeat(900)), field('a', 'x'.repeat(4_000))),
      'payload_too_large',
    ],
    ['names a prototype', form(field('provider[__proto__][x]', '1')), 'invalid_request'],
    ['has a provider that is no JSON', form(field('provider', '{')), 'invalid_request'],
    [
      'has a provider nested without end',
      form(field('provider', '['.repeat(900) + ']'.repeat(900))),
      'invalid_request',
    ],
    ['has a prototype in its provider', form(field('provider', '{"a":{"__proto__":{}}}')), 'invalid_request'],
  ])('that %s is refused', async (_, text, code) => {
    expect(await faultOf(read(text, text.includes('x'.repeat(4_000)) ? {} : { bodyBytes: 50_000 }))).toBe(code);
  });

  it('whose sender leaves is refused and waited for no more', async () => {
    const leaving = Readable.from(
      (async function* () {
        yield Buffer.from(form(file('x')).slice(0, 80));
        await Promise.resolve();
        throw new Error('aborted');
      })(),
    );
    expect(await faultOf(readMultipart(leaving, headers, limits))).toBe('invalid_request');
  });

  it('without a boundary is refused', async () => {
    const typeless = { 'content-type': 'multipart/form-data' };
    expect(await faultOf(readMultipart(Readable.from([]), typeless, limits))).toBe('invalid_request');
  });

  it('is told from another by a digest of its files, and never byte by byte', () => {
    const texts = ['a', 'b', 'a'].map((text) => {
      const body = new MultipartBody();
      body.files.push({ field: 'file', filename: 'x', contentType: 'y', bytes: Buffer.from(text.repeat(1_000)) });
      return JSON.stringify(body);
    });
    expect(texts[0]).toBe(texts[2]);
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts[0]!.length).toBeLessThan(200);
  });
});

it('a field that is first a text and then an object is the object', () => {
  const fields = {};
  setField(fields, 'provider[order]', 'x');
  setField(fields, 'provider[order][]', 'y');
  setField(fields, 'n', '2');
  setField(fields, 'prompt', '2');
  expect(fields).toEqual({ provider: { order: ['y'] }, n: 2, prompt: '2' });
});
