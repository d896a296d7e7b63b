import { Buffer } from 'node:buffer';

export type Encoding = 'float' | 'base64';

/** A vector as its client wants it: numbers, or the base64 of 32-bit floats, least significant byte first. */
export type Vector = readonly number[] | string;

const BYTES_PER_FLOAT = 4;

/** A provider's vector in the encoding that the client asked for, whichever of the two it came in; null for anything else. */
export function vectorIn(encoding: Encoding, value: unknown): Vector | null {
  if (typeof value === 'string') return fromBase64(encoding, value);
  if (!Array.isArray(value) || value.length === 0 || !value.every((one) => Number.isFinite(one))) return null;
  return encoding === 'float' ? (value as number[]) : toBase64(value as number[]);
}

function fromBase64(encoding: Encoding, text: string): Vector | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % BYTES_PER_FLOAT !== 0) return null;
  const numbers = Array.from({ length: bytes.length / BYTES_PER_FLOAT }, (_, index) =>
    bytes.readFloatLE(index * BYTES_PER_FLOAT),
  );
  if (!numbers.every(Number.isFinite)) return null;
  return encoding === 'base64' ? text : numbers;
}

function toBase64(numbers: readonly number[]): string {
  const bytes = Buffer.alloc(numbers.length * BYTES_PER_FLOAT);
  numbers.forEach((value, index) => bytes.writeFloatLE(value, index * BYTES_PER_FLOAT));
  return bytes.toString('base64');
}
