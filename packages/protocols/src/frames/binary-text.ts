/**
 * Upstream bytes are handled as "binary text": one character per byte. Cutting and comparing such strings is cheap and exact
 * to the byte, a UTF-8 character split between two reads needs no care, and bytes that are not UTF-8 survive. Only what must be
 * understood is decoded.
 */
import { Buffer, isUtf8 } from 'node:buffer';

const NON_ASCII = /[\x80-\xff]/;
const BEYOND_ASCII = /[\u0080-\uffff]/;

export const toBinaryText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Decodes UTF-8; broken sequences become U+FFFD. */
export const decodeBinaryText = (text: string): string =>
  NON_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;

export const encodeBinaryText = (text: string): string =>
  BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;

export const isValidUtf8 = (text: string): boolean => !NON_ASCII.test(text) || isUtf8(Buffer.from(text, 'latin1'));

export const bytesOfBinaryText = (text: string): Uint8Array => Buffer.from(text, 'latin1');
