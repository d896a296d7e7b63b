import { Buffer } from 'node:buffer';
import { usageOf } from '@switchyard/contracts';
import { billing, context, endpointOf } from '../testing/builders.js';
import { bodyOf, faultOf, perPiece, perToken, recording, wav } from '../testing/media.js';
import { parseJob, planJob } from './index.js';
import type { JobBody } from './job-body.js';

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

  it('has no blank line within a caption, however its provider breaks lines', () => {
    const segments = [{ start: 0, end: 1, text: ' One \n\ntwo\r\n \r\nthree ' }];
    const { text } = answered({ response_format: 'srt' }, JSON.stringify({ text: 'x', segments }));
    expect(text).toBe('1\n00:00:00,000 --> 00:00:01,000\nOne\ntwo\nthree\n\n');
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
    liar.writeUInt16LE(60_000, 32);
    expect(seconds('a.wav', liar)).toBe(4);
    // As does one of something that is compressed, and one that is hidden before the real one.
    const compressed = wav(3);
    compressed.writeUInt16LE(0x55, 20);
    expect(seconds('a.wav', compressed)).toBe(97);
    const junk = Buffer.from('JUNK\x1e\0\0\0', 'latin1');
    const hiding = Buffer.concat([compressed.subarray(0, 12), junk, wav(0).subarray(12, 42), compressed.subarray(12)]);
    expect(seconds('a.wav', hiding)).toBe(97);
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
