import { assert, nat, pre, property, string } from 'fast-check';
import { createHmac } from 'node:crypto';
import {
  API_KEY_PREFIXES,
  digestApiKey,
  digestsEqual,
  generateApiKey,
  KeyPepper,
  labelOf,
  MAX_KEY_TEXT_LENGTH,
  parseApiKey,
  pepperKey,
} from './api-key.js';

const KINDS = ['inference', 'management'] as const;
// Made once by hand with an independent CRC-32 (Python's zlib): prefix + 43 zeros.
const ZERO_KEY = 'sk-sy-v1-0000000000000000000000000000000000000000000';

describe('API keys', () => {
  it.each(KINDS)('has the prefix, 43 characters of secret and 6 of checksum (%s)', (kind) => {
    for (let round = 0; round < 200; round += 1) {
      const key = generateApiKey(kind);
      expect(key).toMatch(new RegExp(`^${API_KEY_PREFIXES[kind]}[0-9A-Za-z]{49}$`));
      expect(parseApiKey(key)).toEqual({ kind });
    }
  });

  it('never makes the same key twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => generateApiKey('inference'))).size).toBe(1000);
  });

  it('agrees with an independently computed checksum', () => {
    expect(parseApiKey(`${ZERO_KEY}0K0fI3`)).toEqual({ kind: 'inference' });
  });

  it('refuses a key in which any one character was changed', () => {
    const key = generateApiKey('management');
    assert(
      property(nat(key.length - 1), string({ minLength: 1, maxLength: 1 }), (at, other) => {
        pre(other !== key[at]);
        expect(parseApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBeNull();
      }),
    );
  });

  it('refuses a key whose kind was changed', () => {
    const body = generateApiKey('inference').slice(API_KEY_PREFIXES.inference.length);
    expect(parseApiKey(API_KEY_PREFIXES.management + body)).toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['SQL', "' OR '1'='1"],
    ['another gateway’s key', `sk-or-v1-${'a'.repeat(64)}`],
    ['only a prefix', 'sk-sy-v1-'],
    ['a NUL', `sk-sy-v1-\0${'a'.repeat(48)}`],
    ['a line break at the end', `${generateApiKey('inference')}\n`],
    ['white space around', ` ${generateApiKey('inference')}`],
    ['8 KiB of text', `sk-sy-v1-${'a'.repeat(MAX_KEY_TEXT_LENGTH)}`],
    ['full-width letters', `sk-sy-v1-${'ａ'.repeat(49)}`],
  ])('refuses %s', (_, text) => {
    expect(parseApiKey(text)).toBeNull();
  });

  it('refuses any text that was not generated', () => {
    assert(property(string({ maxLength: 200 }), (text) => parseApiKey(text) === null));
  });

  it('digests a key with HMAC-SHA-256 under the pepper', () => {
    const key = generateApiKey('inference');
    const digest = createHmac('sha256', 'a pepper').update(key).digest('hex');
    expect(digestApiKey(key, 'a pepper')).toBe(digest);
    expect(digestApiKey(key, pepperKey('a pepper'))).toBe(digest);
    expect(digestApiKey(key, 'a pepper')).not.toBe(digestApiKey(key, 'another'));
  });

  it('compares digests', () => {
    const digest = digestApiKey('x', 'y');
    expect(digestsEqual(digest, digest)).toBe(true);
    expect(digestsEqual(digest, digestApiKey('x', 'z'))).toBe(false);
    expect(digestsEqual(digest, digest.slice(1))).toBe(false);
  });

  it('labels a key with its first and last three characters', () => {
    const key = generateApiKey('management');
    expect(labelOf(key)).toBe(`${key.slice(0, 'sk-sy-mgmt-v1-'.length + 3)}...${key.slice(-3)}`);
  });

  it('does not show junk in a label', () => {
    expect(labelOf('hunter2-hunter2')).toBe('hun...');
  });
});

describe('the pepper', () => {
  it('takes random text', () => {
    expect(KeyPepper.safeParse('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08').success).toBe(true);
    expect(KeyPepper.safeParse('Zr4u7x+A?D(G-KaPdSgVkYp3s6v9y$B&').success).toBe(true);
  });

  it.each([
    '',
    'short',
    'a'.repeat(64),
    'change-me-change-me-change-me-change',
    'example'.repeat(8),
    'my-pepper-'.repeat(5),
  ])('refuses %j', (value) => {
    expect(KeyPepper.safeParse(value).success).toBe(false);
  });
});
