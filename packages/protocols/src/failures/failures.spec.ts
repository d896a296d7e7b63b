import fc from 'fast-check';
import { ERRORS, PROTOCOL_IDS } from '@switchyard/contracts';
import { protocolOf } from '../index.js';
import { classifyError } from './classify.js';
import { cutRaw, failureOf } from './failure.js';
import { retryAfterMsOf } from './retry-after.js';
import { maskSecrets } from './secrets.js';

describe('the wait that a provider asks for', () => {
  const now = Date.parse('2026-11-22T08:00:00Z');
  it.each([
    [{ 'retry-after-ms': '1184' }, '', 1184],
    [{ 'retry-after-ms': '0', 'retry-after': '1' }, '', 1000],
    [{ 'retry-after': '17' }, '', 17_000],
    [{ 'retry-after': '0.5' }, '', 500],
    [{ 'retry-after': 'Sun, 22 Nov 2026 08:00:30 GMT' }, '', 30_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 07:00:00 GMT' }, '', 0],
    [{ 'retry-after': '1e9' }, '', 3_600_000],
    [{ 'retry-after': '-5' }, '', 0],
    [{ 'retry-after': 'soon' }, '', undefined],
    [{}, 'Please try again in 1.184s.', 1184],
    [{}, 'Please try again in 120ms.', 120],
    [{}, 'Please try again in 6m0s.', 360_000],
    [{}, 'Please try again in 1h2m3s.', 3_600_000],
    [{}, 'Please try again in a minute.', undefined],
    [{}, '', undefined],
  ])('%j and %j', (headers, message, expected) => {
    expect(retryAfterMsOf(headers as Record<string, string>, {}, message, now)).toBe(expected);
  });

  it('reads the RetryInfo of Google', () => {
    expect(retryAfterMsOf({}, { error: { details: [{ '@type': 'x' }, { retryDelay: '48.5s' }] } }, '')).toBe(48_500);
  });

  it('never takes long over a long message', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        const wait = retryAfterMsOf({ 'retry-after': text }, {}, `try again in ${text}`);
        expect(wait === undefined || (wait >= 0 && wait <= 3_600_000)).toBe(true);
      }),
    );
  });
});

describe('secrets in errors', () => {
  it.each([
    'Incorrect API key provided: sk-proj-abcdefghij1234567890.',
    'Bearer abcdef1234567890',
    '{"x-api-key": "0123456789abcdef"}',
    'api_key=0123456789abcdef&x=1',
    'key AIzaSyA0123456789abcdefghij',
    'gsk_0123456789abcdefABCDEF',
    'xai-0123456789abcdef',
    'eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl',
    'AKIA0123456789ABCDEF',
  ])('%s is masked', (text) => {
    const masked = maskSecrets(text);
    expect(masked).toContain('***');
    expect(masked).not.toMatch(/0123456789|abcdefghij|abcdef1234|c2lnbmF0/);
  });

  it('masks a given secret of any shape', () => {
    expect(maskSecrets('key 7f3aQQ is wrong, 7f3aQQ', ['7f3aQQ'])).toBe('key *** is wrong, ***');
  });

  it('leaves ordinary words alone', () => {
    const text = 'The model `gpt-4o` does not exist; risk-averse task-based key words.';
    expect(maskSecrets(text)).toBe(text);
  });

  it('cuts to 2 KiB of UTF-8 between characters, after masking', () => {
    const secret = `sk-${'a'.repeat(40)}`;
    const cut = cutRaw(`${'ü'.repeat(1010)} ${secret}`);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(2048);
    expect(cut).not.toContain('aaaa');
    expect(Buffer.byteLength(cutRaw('世'.repeat(5000)))).toBe(2046);
    expect(cutRaw('世'.repeat(5000))).not.toContain('\ufffd');
  });
});

describe('the code of a provider’s error', () => {
  it.each([
    [400, 'This model’s maximum context length is 8192 tokens', 'context_length_exceeded'],
    [400, 'The input token count (1200000) exceeds the maximum number of tokens allowed', 'context_length_exceeded'],
    [413, 'request_too_large', 'payload_too_large'],
    [400, 'Your request was rejected as a result of our safety system', 'content_policy_violation'],
    [400, 'API key not valid. Please pass a valid API key.', 'upstream_auth'],
    [400, 'unknown field', 'upstream_rejected'],
    [401, '', 'upstream_auth'],
    [402, 'Insufficient Balance', 'upstream_auth'],
    [404, '', 'upstream_not_found'],
    [408, '', 'upstream_timeout'],
    [422, 'validation', 'upstream_rejected'],
    [429, 'insufficient_quota', 'upstream_rate_limited'],
    [429, 'queue_exceeded', 'upstream_overloaded'],
    [500, '', 'upstream_error'],
    [500, 'The model is overloaded', 'upstream_overloaded'],
    [503, '', 'upstream_overloaded'],
    [504, '', 'upstream_timeout'],
    [524, '', 'upstream_timeout'],
    [529, '', 'upstream_overloaded'],
    [302, '', 'upstream_error'],
    [200, 'overloaded_error Overloaded', 'upstream_overloaded'],
    [200, 'rate_limit_error', 'upstream_rate_limited'],
    [200, 'server_error', 'upstream_error'],
    [200, 'invalid_request_error', 'upstream_rejected'],
  ])('%i %j is %s', (status, words, code) => {
    expect(classifyError({ status, words })).toBe(code);
  });

  it.each(PROTOCOL_IDS)('%s makes a failure of whatever it gets', (protocol) => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const failure = protocolOf(protocol).parseError(status, { 'Retry-After': '3' }, body);
        expect(failure).toMatchObject({
          message: ERRORS[failure.code].message,
          retryable: ERRORS[failure.code].retryable,
        });
        expect(failure.retryAfterMs).toBe(3000);
      }),
    );
  });

  it('names the provider’s own word and keeps its body', () => {
    const body =
      '{"error":{"message":"Rate limit reached. Please try again in 2s.","type":"tokens","code":"rate_limit_exceeded"}}';
    expect(protocolOf('openai-chat').parseError(429, {}, body)).toEqual({
      code: 'upstream_rate_limited',
      message: ERRORS.upstream_rate_limited.message,
      retryable: true,
      retryAfterMs: 2000,
      providerCode: 'rate_limit_exceeded',
      raw: body,
    });
  });

  it('lets no secret into the provider’s word either', () => {
    expect(failureOf('upstream_error', { providerCode: 'bad sk-abcdefghijklmnop' }).providerCode).toBe('bad sk-***');
  });
});
