import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Frame } from './frame-reader.js';
import { MAX_FRAME_BYTES } from './limits.js';

/** Length of the message, length of its headers, checksum of both; each message ends with a checksum of all before it. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** Bytes of a header's value by the number of its type; the others say their length themselves. */
const FIXED_SIZES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const BYTES = 6;
const STRING = 7;

export type EventStreamFault = 'frame_too_large' | 'frame_broken';

/**
 * Cuts AWS's binary event streams (`application/vnd.amazon.eventstream`, smithy.io/2.0/aws/amazon-eventstream.html) into frames: the
 * event's type and its payload. What a checksum denies is never read.
 */
export class EventStreamSplitter {
  fault: EventStreamFault | null = null;
  private pieces: Buffer[] = [];
  private length = 0;
  /** How many bytes must be there before anything can be said. */
  private wanted = PRELUDE_BYTES;
  private headed = false;

  push(bytes: Uint8Array): Frame[] {
    if (this.fault) return [];
    this.pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.length += bytes.length;
    const frames: Frame[] = [];
    // Pieces are joined only when a whole part is there, so that single bytes do not cost the square of their number.
    while (this.length >= this.wanted && !this.fault) {
      const joined = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces, this.length);
      const frame = this.headed ? this.message(joined) : this.prelude(joined);
      if (frame) frames.push(frame);
    }
    return frames;
  }

  private prelude(bytes: Buffer): null {
    this.pieces = [bytes];
    const [total, headers] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
    if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8) || headers > total - PRELUDE_BYTES - CHECKSUM_BYTES)
      this.fault = 'frame_broken';
    else if (total > MAX_FRAME_BYTES) this.fault = 'frame_too_large';
    [this.wanted, this.headed] = [total, true];
    return null;
  }

  private message(bytes: Buffer): Frame | null {
    const [message, rest] = [bytes.subarray(0, this.wanted), bytes.subarray(this.wanted)];
    [this.pieces, this.length, this.wanted, this.headed] = [[rest], rest.length, PRELUDE_BYTES, false];
    const end = message.length - CHECKSUM_BYTES;
    const payloadStart = PRELUDE_BYTES + message.readUInt32BE(4);
    const isWhole = crc32(message.subarray(0, end)) === message.readUInt32BE(end);
    const headers = isWhole ? readHeaders(message.subarray(PRELUDE_BYTES, payloadStart)) : null;
    if (headers) return frameOf(headers, message.toString('latin1', payloadStart, end));
    this.fault = 'frame_broken';
    return null;
  }
}

/** An exception is an event of its own; an error has no payload, only a code and a message. */
function frameOf(headers: ReadonlyMap<string, string>, data: string): Frame {
  const event = headers.get(':event-type');
  const type = headers.get(':message-type');
  if (type === 'exception') return { event, data, partial: false, exception: headers.get(':exception-type') ?? '' };
  if (type !== 'error') return { event, data, partial: false };
  const message = headers.get(':error-message') ?? '';
  // ASCII only, as binary text must be.
  const json = JSON.stringify({ message }).replaceAll(/[\u0080-\uffff]/g, escapeOf);
  return { event, data: json, partial: false, exception: headers.get(':error-code') ?? '' };
}

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The headers that are texts; null when they do not fit into their space. */
function readHeaders(bytes: Buffer): Map<string, string> | null {
  const headers = new Map<string, string>();
  for (let position = 0; position < bytes.length;) {
    const nameEnd = position + 1 + bytes[position]!;
    const type = bytes[nameEnd];
    const hasLength = type === BYTES || type === STRING;
    if (type === undefined || nameEnd + 3 > bytes.length + (hasLength ? 0 : 2)) return null;
    const start = nameEnd + (hasLength ? 3 : 1);
    const size = hasLength ? bytes.readUInt16BE(nameEnd + 1) : FIXED_SIZES[type];
    if (size === undefined || start + size > bytes.length) return null;
    if (type === STRING)
      headers.set(bytes.toString('utf8', position + 1, nameEnd), bytes.toString('utf8', start, start + size));
    position = start + size;
  }
  return headers;
}
