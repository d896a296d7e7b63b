import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { KeyKind } from './v1/auth.js';

/**
 * The format of API keys: a prefix that secret scanners can look for, 32 random bytes in base62, and a CRC-32 of both, so that
 * junk is refused without any look-up. Base62 has no dashes, so a double click selects the whole secret part.
 */
export const API_KEY_PREFIXES = { inference: 'sk-sy-v1-', management: 'sk-sy-mgmt-v1-' } as const satisfies Record<
  KeyKind,
  string
>;

/** Callers may hand in header values of up to this many characters; anything longer is refused by its length alone. */
export const MAX_KEY_TEXT_LENGTH = 8192;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
// 62^43 is just above 2^256 and 62^6 above 2^32.
const CORE_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const BODY = /^[0-9A-Za-z]{49}$/;

const LABEL_HEAD = 3;
const LABEL_TAIL = 3;

/** Unsigned integer → base62, padded with zeros on the left. */
function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text.padStart(length, '0');
}

/** CRC-32 in base62. Of every request's key, so without `bigint`. */
function checksumOf(prefixAndCore: string): string {
  let text = '';
  for (let rest = crc32(prefixAndCore); text.length < CHECKSUM_LENGTH; rest = Math.floor(rest / ALPHABET.length))
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
  return text;
}

/** A fresh key of the kind, from 256 bits of the system's randomness. Show it once; store only {@link digestApiKey}. */
export function generateApiKey(kind: KeyKind): string {
  const core = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), CORE_LENGTH);
  const signed = API_KEY_PREFIXES[kind] + core;
  return signed + checksumOf(signed);
}

/**
 * Reads the kind of a well-formed key; null for everything else (wrong prefix, length, characters or checksum). A key that
 * parses need not exist. Costs at most one CRC over 57 characters, whatever is sent.
 */
export function parseApiKey(text: string): { readonly kind: KeyKind } | null {
  if (text.length > MAX_KEY_TEXT_LENGTH) return null;
  const kind: KeyKind = text.startsWith(API_KEY_PREFIXES.management) ? 'management' : 'inference';
  const prefix = API_KEY_PREFIXES[kind];
  if (!text.startsWith(prefix) || text.length !== prefix.length + CORE_LENGTH + CHECKSUM_LENGTH) return null;
  if (!BODY.test(text.slice(prefix.length))) return null;
  const signed = text.slice(0, -CHECKSUM_LENGTH);
  return timingSafeEqual(Buffer.from(checksumOf(signed)), Buffer.from(text.slice(-CHECKSUM_LENGTH))) ? { kind } : null;
}

/** The pepper as a key object, for who digests with every request: {@link digestApiKey} makes one of a text each time. */
export const pepperKey = (pepper: string): KeyObject => createSecretKey(pepper, 'utf8');

/** HMAC-SHA-256 of the key under the deployment's pepper, lower-case hex. 256 random bits need no slow hash. */
export const digestApiKey = (text: string, pepper: string | KeyObject): string =>
  createHmac('sha256', pepper).update(text).digest('hex');

/** Compares two digests without telling by its time where they differ. */
export function digestsEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, 'latin1'), Buffer.from(right, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What people see of a key after it was shown once: `sk-sy-v1-abc...123`. */
export function labelOf(text: string): string {
  const kind = parseApiKey(text)?.kind;
  const prefix = kind ? API_KEY_PREFIXES[kind] : '';
  return kind
    ? `${text.slice(0, prefix.length + LABEL_HEAD)}...${text.slice(-LABEL_TAIL)}`
    : `${text.slice(0, LABEL_HEAD)}...`;
}

const MIN_PEPPER_LENGTH = 32;
const MIN_DISTINCT_CHARACTERS = 10;
const EXAMPLE_WORDS = /example|change.?me|replace|secret|pepper|password|your.|default|0123456789|abcdefgh|(.)\1{7}/i;

/**
 * KEY_PEPPER of edge and auth (the same for both). At least 32 characters; values that look like they came out of a manual are
 * refused, because a known pepper lets whoever steals the database check leaked keys against it.
 */
export const KeyPepper = z
  .string()
  .min(MIN_PEPPER_LENGTH, `needs at least ${MIN_PEPPER_LENGTH} characters`)
  .refine(
    (pepper) => new Set(pepper).size >= MIN_DISTINCT_CHARACTERS && !EXAMPLE_WORDS.test(pepper),
    'looks like an example value; use random characters, for example from: openssl rand -hex 32',
  );
