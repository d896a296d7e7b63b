import { FRAME_HEADER_BYTES, FrameType, allocateFrame, isFrame, typeOf } from './frame.js';
import { ID_BYTES, isId } from './subjects.js';

/** A frame and the stream that it belongs to. */
export interface PackedFrame {
  readonly id: string;
  readonly frame: Uint8Array;
}

const ENTRY_BYTES = ID_BYTES + 4;

/**
 * Frames of several streams for one connection of an edge as one frame, because for a broker and its clients a message costs the same
 * with one token or a hundred. Behind the frame header, for each: the id of its stream (22 bytes), its length (4), and its bytes.
 */
export function encodePack(frames: readonly PackedFrame[]): Uint8Array {
  const size = frames.reduce((sum, { frame }) => sum + ENTRY_BYTES + frame.length, 0);
  const pack = allocateFrame(FrameType.pack, 0, size);
  let at = FRAME_HEADER_BYTES;
  for (const { id, frame } of frames) {
    at += pack.write(id, at, ID_BYTES, 'latin1');
    at = pack.writeUInt32BE(frame.length, at);
    pack.set(frame, at);
    at += frame.length;
  }
  return pack;
}

/** Views in their order, no copies; null for what is no pack, because no part of a broken one can be trusted. */
export function decodePack(bytes: Uint8Array): PackedFrame[] | null {
  const pack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: PackedFrame[] = [];
  let at = FRAME_HEADER_BYTES;
  while (at < pack.length) {
    const start = at + ENTRY_BYTES;
    if (start > pack.length) return null;
    const id = pack.toString('latin1', at, at + ID_BYTES);
    const end = start + pack.readUInt32BE(at + ID_BYTES);
    if (end > pack.length || !isId(id)) return null;
    const frame = pack.subarray(start, end);
    if (!isFrame(frame) || typeOf(frame) === FrameType.pack) return null;
    frames.push({ id, frame });
    at = end;
  }
  return frames.length > 0 ? frames : null;
}
