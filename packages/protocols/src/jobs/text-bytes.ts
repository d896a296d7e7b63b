import { Buffer } from 'node:buffer';

/**
 * Bytes of a text, an upper bound for its tokens: also in tokenizers that normalise it first, where one character may become
 * eighteen.
 */
export function textBytes(text: string): number {
  const bytes = Buffer.byteLength(text, 'utf8');
  return bytes === text.length ? bytes : Math.max(bytes, Buffer.byteLength(text.normalize('NFKC'), 'utf8'));
}
