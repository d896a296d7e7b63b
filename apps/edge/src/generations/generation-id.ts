import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 20;
/** The largest multiple of 62 that a byte can hold: bytes above it would favour some characters. */
const FAIR_BYTES = 248;
/** Random bytes are fetched for some two hundred ids at once: asking for a few costs nearly as much. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** `gen-<unix seconds>-<20 random base62 characters>`. */
export function newGenerationId(nowMs: number): string {
  let random = '';
  while (random.length < RANDOM_LENGTH) {
    const byte = nextByte();
    if (byte < FAIR_BYTES) random += ALPHABET.charAt(byte % ALPHABET.length);
  }
  return `gen-${String(Math.floor(nowMs / 1000)).padStart(10, '0')}-${random}`;
}

function nextByte(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used]!;
  used += 1;
  return byte;
}
