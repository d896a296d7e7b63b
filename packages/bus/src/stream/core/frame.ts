import { MAX_META_BYTES } from './limits.js';

/**
 * A frame of `gw.v1`: one byte type, four bytes sequence (big endian), payload. Only `head`, `data`, `end` and `fail` are
 * numbered; in the others the field carries a position or is zero.
 */
export const FRAME_HEADER_BYTES = 5;

export const FrameType = {
  // Worker to edge, numbered.
  head: 1,
  data: 2,
  end: 4,
  fail: 5,
  // Worker to edge, not numbered. `beat` and `pong` carry the next number of the sender, so that a lost tail is noticed.
  beat: 3,
  accept: 16,
  busy: 17,
  bad: 18,
  pong: 19,
  bodyAck: 20,
  bodyResume: 21,
  unknown: 22,
  meter: 23,
  pack: 24,
  // Edge to worker.
  call: 32,
  go: 33,
  ack: 34,
  resume: 35,
  ping: 36,
  cancel: 37,
  body: 38,
  done: 39,
  allow: 40,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** An empty frame with room for the payload, which the caller writes from {@link FRAME_HEADER_BYTES} on. */
export function allocateFrame(type: FrameType, sequence: number, payloadBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadBytes);
  frame[0] = type;
  frame[1] = sequence >>> 24;
  frame[2] = sequence >>> 16;
  frame[3] = sequence >>> 8;
  frame[4] = sequence;
  return frame;
}

export function encodeFrame(type: FrameType, sequence = 0, payload: Uint8Array = EMPTY): Uint8Array {
  const frame = allocateFrame(type, sequence, payload.length);
  if (payload.length > 0) frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

export const encodeTextFrame = (type: FrameType, text: string, sequence = 0): Uint8Array =>
  encodeFrame(type, sequence, encoder.encode(text));

export const isFrame = (bytes: Uint8Array): boolean => bytes.length >= FRAME_HEADER_BYTES;
export const typeOf = (frame: Uint8Array): number => frame[0]!;
export const sequenceOf = (frame: Uint8Array): number =>
  ((frame[1]! << 24) | (frame[2]! << 16) | (frame[3]! << 8) | frame[4]!) >>> 0;
/** Frames that arrive in order, once, or not at all. */
export const isNumbered = (type: number): boolean =>
  type === FrameType.data || type === FrameType.head || type === FrameType.end || type === FrameType.fail;
/** A view, no copy. */
export const payloadOf = (frame: Uint8Array): Uint8Array => frame.subarray(FRAME_HEADER_BYTES);

/** @throws TypeError when the bytes are not UTF-8. */
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);
export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value) ?? 'null');
/** @throws SyntaxError or TypeError when the bytes are not JSON. */
export const decodeJson = (bytes: Uint8Array): unknown => JSON.parse(decodeText(bytes)) as unknown;

/** `ack`, `resume` and `ping` say the same two things: the next number wanted and how many data bytes the client has taken. */
export interface Position {
  readonly next: number;
  readonly ackedBytes: number;
}

const POSITION_BYTES = 8;

export function encodePosition(
  type: typeof FrameType.ack | typeof FrameType.resume | typeof FrameType.ping,
  position: Position,
): Uint8Array {
  const frame = allocateFrame(type, position.next, POSITION_BYTES);
  frame.writeDoubleBE(position.ackedBytes, FRAME_HEADER_BYTES);
  return frame;
}

/** Null when the length is wrong or the count is not a whole number. */
export function decodePosition(frame: Uint8Array): Position | null {
  if (frame.length !== FRAME_HEADER_BYTES + POSITION_BYTES) return null;
  const ackedBytes = viewOf(frame).getFloat64(FRAME_HEADER_BYTES);
  return Number.isSafeInteger(ackedBytes) && ackedBytes >= 0 ? { next: sequenceOf(frame), ackedBytes } : null;
}

export function encodeGo(windowBytes: number): Uint8Array {
  const frame = allocateFrame(FrameType.go, 0, 4);
  frame.writeUInt32BE(windowBytes, FRAME_HEADER_BYTES);
  return frame;
}

/** The window in bytes; null when the length is wrong. */
export const decodeGo = (frame: Uint8Array): number | null =>
  frame.length === FRAME_HEADER_BYTES + 4 ? viewOf(frame).getUint32(FRAME_HEADER_BYTES) : null;

export interface Pong {
  /** The worker still waits for `go`. */
  readonly claimed: boolean;
  readonly nextChunk: number;
}

export function encodePong(next: number, pong: Pong): Uint8Array {
  const frame = allocateFrame(FrameType.pong, next, 5);
  frame[FRAME_HEADER_BYTES] = pong.claimed ? 1 : 0;
  frame.writeUInt32BE(pong.nextChunk, FRAME_HEADER_BYTES + 1);
  return frame;
}

export const decodePong = (frame: Uint8Array): Pong | null =>
  frame.length === FRAME_HEADER_BYTES + 5
    ? { claimed: frame[FRAME_HEADER_BYTES] === 1, nextChunk: viewOf(frame).getUint32(FRAME_HEADER_BYTES + 1) }
    : null;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @throws RangeError for a meta that no message has room for. */
export function limited(meta: Uint8Array): Uint8Array {
  if (meta.length > MAX_META_BYTES)
    throw new RangeError(`meta has ${meta.length} bytes, the limit is ${MAX_META_BYTES}`);
  return meta;
}
