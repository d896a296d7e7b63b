import { FRAME_HEADER_BYTES, FrameType, allocateFrame, decodeJson, sequenceOf } from './frame.js';
import { ID_BYTES, isId } from './subjects.js';

/** What the edge understands; stands in the sequence of the frame, where edges from before it wrote zero. */
const UNDERSTANDS_PACKS = 1;

/**
 * The `call` of an edge. Behind the frame header: process id of the edge (22 bytes), length of the whole body (4), length of
 * the trace context (2), length of the meta (4), then trace context, meta (JSON) and, up to the inline limit, the body itself.
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
}

const FIXED_BYTES = FRAME_HEADER_BYTES + ID_BYTES + 4 + 2 + 4;

export function encodeCall(call: {
  readonly edge: string;
  readonly traceparent: string;
  readonly meta: Uint8Array;
  readonly bodyBytes: number;
  readonly inlineBody: Uint8Array | null;
}): Uint8Array {
  const trace = Buffer.from(call.traceparent, 'latin1');
  const inlineBytes = call.inlineBody?.length ?? 0;
  const variableBytes = trace.length + call.meta.length + inlineBytes;
  const frame = allocateFrame(FrameType.call, UNDERSTANDS_PACKS, FIXED_BYTES - FRAME_HEADER_BYTES + variableBytes);
  let at = FRAME_HEADER_BYTES + frame.write(call.edge, FRAME_HEADER_BYTES, ID_BYTES, 'latin1');
  at = frame.writeUInt32BE(call.bodyBytes, at);
  at = frame.writeUInt16BE(trace.length, at);
  at = frame.writeUInt32BE(call.meta.length, at);
  frame.set(trace, at);
  frame.set(call.meta, at + trace.length);
  if (call.inlineBody) frame.set(call.inlineBody, at + trace.length + call.meta.length);
  return frame;
}

/** Null for anything that is not a well-formed call: lengths that do not add up, no edge, meta that is not JSON. */
export function decodeCall(bytes: Uint8Array): Call | null {
  if (bytes.length < FIXED_BYTES || bytes[0] !== FrameType.call) return null;
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const edge = frame.toString('latin1', FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + ID_BYTES);
  const lengths = FRAME_HEADER_BYTES + ID_BYTES;
  const bodyBytes = frame.readUInt32BE(lengths);
  const traceEnd = FIXED_BYTES + frame.readUInt16BE(lengths + 4);
  const metaEnd = traceEnd + frame.readUInt32BE(lengths + 6);
  if (!isId(edge) || metaEnd > frame.length) return null;
  const inlineBody = bytes.subarray(metaEnd);
  if (inlineBody.length !== bodyBytes && inlineBody.length !== 0) return null;
  try {
    return {
      edge,
      packs: (sequenceOf(bytes) & UNDERSTANDS_PACKS) !== 0,
      bodyBytes,
      traceparent: frame.toString('latin1', FIXED_BYTES, traceEnd),
      meta: decodeJson(bytes.subarray(traceEnd, metaEnd)),
      inlineBody: inlineBody.length === bodyBytes ? inlineBody : null,
    };
  } catch {
    return null;
  }
}
