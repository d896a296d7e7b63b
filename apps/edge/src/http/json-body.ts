import { GatewayError } from '@switchyard/contracts';

/** Nesting and values of a request body: far above any real request, far below what would stop a process. */
export const MAX_JSON_DEPTH = 64;
export const MAX_JSON_NODES = 100_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a JSON body within limits. Depth and number of values are counted before anything is built from the text. Keys that
 * change prototypes are refused wherever they stand.
 * @throws GatewayError `invalid_json` or `invalid_request`, never with text of the body.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new GatewayError('invalid_json', { message: 'The request body is empty.' });
  measure(bytes);
  const value = parse(bytes);
  // `\u` can spell any key, so that only bodies without it and without the words need no second look.
  if (bytes.includes('proto') || bytes.includes('\\u')) refusePoison(value);
  return value;
}

function parse(bytes: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new GatewayError('invalid_json', { message: 'The request body is not valid UTF-8.' });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text, so only the place is told.
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw new GatewayError('invalid_json', {
      ...(position && { message: `The request body is not valid JSON (at character ${position}).` }),
    });
  }
}

function measure(bytes: Buffer): void {
  let depth = 0;
  let nodes = 1;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]!;
    if (byte === QUOTE) {
      index = endOfString(bytes, index);
    } else if (byte === COMMA) {
      nodes += 1;
    } else if (OPENING.has(byte)) {
      nodes += 1;
      depth += 1;
    } else if (CLOSING.has(byte)) {
      depth -= 1;
    } else continue;
    if (depth > MAX_JSON_DEPTH)
      throw new GatewayError('invalid_request', {
        message: `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`,
      });
    if (nodes > MAX_JSON_NODES)
      throw new GatewayError('invalid_request', { message: `The body has more than ${MAX_JSON_NODES} values.` });
  }
}

/** Index of the quote that ends the string, or the last index. Jumps by native search: images are strings of megabytes. */
function endOfString(bytes: Buffer, start: number): number {
  let quote = bytes.indexOf(QUOTE, start + 1);
  while (quote !== -1 && isEscaped(bytes, quote, start)) quote = bytes.indexOf(QUOTE, quote + 1);
  return quote === -1 ? bytes.length : quote;
}

function isEscaped(bytes: Buffer, quote: number, start: number): boolean {
  let backslashes = 0;
  while (quote - 1 - backslashes > start && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function refusePoison(value: unknown): void {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__') || isConstructorPoison(next))
      throw new GatewayError('invalid_request', {
        message: 'The body has a key that is not allowed: __proto__ or constructor.',
      });
    waiting.push(...Object.values(next));
  }
}

/** `constructor` is an honest name for a tool's parameter; only with a `prototype` inside it is an attack. */
function isConstructorPoison(value: object): boolean {
  if (!Object.hasOwn(value, 'constructor')) return false;
  const constructor: unknown = (value as { readonly constructor: unknown }).constructor;
  return typeof constructor === 'object' && constructor !== null && Object.hasOwn(constructor, 'prototype');
}
