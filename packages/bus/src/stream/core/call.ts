import { FRAME_HEADER_BYTES, FrameType, allocateFrame, decodeJson, sequenceOf } from './frame.js';
import { ID_BYTES, isId } from './subjects.js';

/** What the edge understands and wants; bits of the sequence of the frame, where the first edges wrote zero. */
const UNDERSTANDS_PACKS = 1;
const STARTS = 2;

/** The word to begin, in the call itself: goes to one worker by name, whose clock the edge knows from its heartbeats. */
export interface Start {
  /** The worker may begin until then by its own clock. Afterwards the edge may have given the call up, and has to be asked. */
  readonly byMs: number;
  readonly windowBytes: number;
}

/**
 * The `call` of an edge. Behind the frame header: process id of the edge (22 bytes), length of the whole body (4), length of
 * the trace context (2), length of the meta (4), if it starts the stream until when (double, 8) and the window (4), then trace context,
 * meta (JSON) and, up to the inline limit, the body itself.
 */
export interface Call {
  readonly edge: string;
  /** The edge takes frames of several streams in one message. */
  readonly packs: boolean;
  readonly bodyBytes: number;
  /** W3C `traceparent`, empty when the caller is not traced. */
  readonly traceparent: string;
  readonly meta: unknown;
  /** The body, or null when it follows in chunks. */
  readonly inlineBody: Uint8Array | null;
  /** The worker need not ask; null when it has to. */
  readonly start: Start | null;
}

const FIXED_BYTES = FRAME_HEADER_BYTES + ID_BYTES + 4 + 2 + 4;
const START_BYTES = 8 + 4;

export function encodeCall(call: {
  readonly edge: string;
  readonly traceparent: string;
  readonly meta: Uint8Array;
  readonly bodyBytes: number;
  readonly inlineBody: Uint8Array | null;
  readonly start: Start | null;
}): Uint8Array {
  const { meta, inlineBody, start } = call;
  const trace = Buffer.from(call.traceparent, 'latin1');
  const variableBytes = (start ? START_BYTES : 0) + trace.length + meta.length + (inlineBody?.length ?? 0);
  const flags = UNDERSTANDS_PACKS | (start ? STARTS : 0);
  const frame = allocateFrame(FrameType.call, flags, FIXED_BYTES - FRAME_HEADER_BYTES + variableBytes);
  let at = FRAME_HEADER_BYTES + frame.write(call.edge, FRAME_HEADER_BYTES, ID_BYTES, 'latin1');
  at = frame.writeUInt32BE(call.bodyBytes, at);
  at = frame.writeUInt16BE(trace.length, at);
  at = frame.writeUInt32BE(meta.length, at);
  if (start) at = frame.writeUInt32BE(start.windowBytes, frame.writeDoubleBE(start.byMs, at));
  frame.set(trace, at);
  frame.set(meta, at + trace.length);
  if (inlineBody) frame.set(inlineBody, at + trace.length + meta.length);
  return frame;
}

/** Null for anything that is not a well-formed call: lengths that do not add up, no edge, meta that is not JSON. */
export function decodeCall(bytes: Uint8Array): Call | null {
  if (bytes.length < FIXED_BYTES || bytes[0] !== FrameType.call) return null;
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const edge = frame.toString('latin1', FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + ID_BYTES);
  const lengths = FRAME_HEADER_BYTES + ID_BYTES;
  const bodyBytes = frame.readUInt32BE(lengths);
  const flags = sequenceOf(bytes);
  const starts = (flags & STARTS) !== 0;
  const trace = FIXED_BYTES + (starts ? START_BYTES : 0);
  const traceEnd = trace + frame.readUInt16BE(lengths + 4);
  const metaEnd = traceEnd + frame.readUInt32BE(lengths + 6);
  if (!isId(edge) || metaEnd > frame.length) return null;
  const inlineBody = bytes.subarray(metaEnd);
  if (inlineBody.length !== bodyBytes && inlineBody.length !== 0) return null;
  try {
    return {
      edge,
      packs: (flags & UNDERSTANDS_PACKS) !== 0,
      bodyBytes,
      traceparent: frame.toString('latin1', trace, traceEnd),
      meta: decodeJson(bytes.subarray(traceEnd, metaEnd)),
      inlineBody: inlineBody.length === bodyBytes ? inlineBody : null,
      start: starts
        ? { byMs: frame.readDoubleBE(FIXED_BYTES), windowBytes: frame.readUInt32BE(FIXED_BYTES + 8) }
        : null,
    };
  } catch {
    return null;
  }
}
