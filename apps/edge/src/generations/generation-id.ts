import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 20;
/** The largest multiple of 62 that a byte can hold: bytes above it would favour some characters. */
const FAIR_BYTES = 248;

/** `gen-<unix seconds>-<20 random base62 characters>`. */
export function newGenerationId(nowMs: number): string {
  let random = '';
  while (random.length < RANDOM_LENGTH)
    for (const byte of randomBytes(RANDOM_LENGTH * 2)) {
      if (byte < FAIR_BYTES && random.length < RANDOM_LENGTH) random += ALPHABET.charAt(byte % ALPHABET.length);
    }
  return `gen-${String(Math.floor(nowMs / 1000)).padStart(10, '0')}-${random}`;
}
