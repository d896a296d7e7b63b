import { randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_CHARACTERS = 22;
/** Bytes from here on would make some characters likelier than others. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);
const pool = Buffer.alloc(4096);
let used = pool.length;

/** 22 random characters, 131 bits: cannot be guessed, so that knowing an id is the right to speak about it. */
export function randomId(): string {
  let id = '';
  while (id.length < ID_CHARACTERS) {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const byte = pool[used]!;
    used += 1;
    if (byte < FAIR_BYTES) id += ALPHABET[byte % ALPHABET.length]!;
  }
  return id;
}
