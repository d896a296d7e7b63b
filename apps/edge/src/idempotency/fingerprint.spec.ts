import { fingerprintOf } from './fingerprint.js';
import { idempotencyKeyOf } from './idempotency-key.js';

const asked = {
  method: 'POST',
  url: '/api/v1/chat/completions',
  body: { model: 'a', messages: [{ role: 'user', content: 'hi' }] },
};

describe('the fingerprint of a request', () => {
  it('is SHA-256 in hexadecimal', () => {
    expect(fingerprintOf(asked)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not depend on the order of keys at any depth, nor on what follows the path', () => {
    const body = { messages: [{ content: 'hi', role: 'user' }], model: 'a' };
    expect(fingerprintOf({ ...asked, body })).toBe(fingerprintOf(asked));
    expect(fingerprintOf({ ...asked, url: `${asked.url}?key=sk-or-v1-1` })).toBe(fingerprintOf(asked));
  });

  it.each([
    ['the method', { method: 'PUT' }],
    ['the path', { url: '/api/v1/completions' }],
    ['a value', { body: { ...asked.body, model: 'b' } }],
    ['the type of a value', { body: { ...asked.body, model: ['a'] } }],
    ['a value deep inside', { body: { ...asked.body, messages: [{ role: 'user', content: 'hi ' }] } }],
    ['the order of a list', { body: { ...asked.body, stop: ['b', 'a'] } }],
    ['a further key', { body: { ...asked.body, seed: null } }],
    ['no body', { body: undefined }],
  ])('depends on %s', (_what, change) => {
    expect(fingerprintOf({ ...asked, ...change })).not.toBe(fingerprintOf(asked));
  });

  it('tells lists of different order apart', () => {
    const of = (stop: string[]) => fingerprintOf({ ...asked, body: { stop } });
    expect(of(['a', 'b'])).not.toBe(of(['b', 'a']));
  });
});

describe('the header Idempotency-Key', () => {
  it.each(['a', 'order 7: "x" ~!', 'x'.repeat(255)])('takes printable ASCII: %s', (value) => {
    expect(idempotencyKeyOf({ 'idempotency-key': value })).toBe(value);
  });

  it('is none when it is not there', () => {
    expect(idempotencyKeyOf({})).toBeNull();
  });

  it.each(['', 'x'.repeat(256), 'tab\there', 'schlüssel', 'line\n', '\u007f'])('refuses anything else: %j', (value) => {
    expect(() => idempotencyKeyOf({ 'idempotency-key': value })).toThrow('Idempotency-Key: expected 1 to 255');
  });
});
