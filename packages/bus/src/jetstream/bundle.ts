import type { MsgHdrs } from '@nats-io/nats-core';

/** One message among those that were published as one. */
export interface BundledMessage {
  readonly messageId: string;
  /** Headers of the trace that it belongs to; empty outside of one. */
  readonly traceHeaders: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** Header of a message that is a bundle; its value is the version of the form below. */
export const BUNDLE_HEADER = 'Switchyard-Bundle';
export const BUNDLE_VERSION = '1';

const LENGTH_BYTES = 4;

/**
 * The bytes of a bundle: for each message the length of its envelope and of its data (32 bits each, big-endian), the envelope (JSON:
 * id, trace headers) and the data as it is, so that a digest of it is the same as if it had come alone.
 */
export function encodeBundle(messages: readonly BundledMessage[]): Uint8Array {
  const parts: Buffer[] = [];
  for (const { messageId, traceHeaders, data } of messages) {
    const envelope = Buffer.from(JSON.stringify([messageId, traceHeaders]));
    const lengths = Buffer.allocUnsafe(2 * LENGTH_BYTES);
    lengths.writeUInt32BE(envelope.length, 0);
    lengths.writeUInt32BE(data.length, LENGTH_BYTES);
    parts.push(lengths, envelope, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  return Buffer.concat(parts);
}

/** The messages that were published together in one message of a stream; null for one that came alone, or cannot be read. */
export const bundledIn = (headers: MsgHdrs | undefined, data: Uint8Array): readonly BundledMessage[] | null =>
  headers?.get(BUNDLE_HEADER) === BUNDLE_VERSION ? decodeBundle(data) : null;

/** The messages of a bundle in their order; null when the bytes are none, because no message of a broken bundle can be trusted. */
export function decodeBundle(bytes: Uint8Array): BundledMessage[] | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: BundledMessage[] = [];
  let at = 0;
  while (at < view.length) {
    if (at + 2 * LENGTH_BYTES > view.length) return null;
    const start = at + 2 * LENGTH_BYTES;
    const middle = start + view.readUInt32BE(at);
    const end = middle + view.readUInt32BE(at + LENGTH_BYTES);
    if (end > view.length) return null;
    const envelope = readEnvelope(view.toString('utf8', start, middle));
    if (!envelope) return null;
    messages.push({ ...envelope, data: view.subarray(middle, end) });
    at = end;
  }
  return messages.length > 0 ? messages : null;
}

function readEnvelope(text: string): Omit<BundledMessage, 'data'> | null {
  try {
    const envelope: unknown = JSON.parse(text);
    if (!Array.isArray(envelope) || typeof envelope[0] !== 'string' || !isHeaders(envelope[1])) return null;
    return { messageId: envelope[0], traceHeaders: envelope[1] };
  } catch {
    return null;
  }
}

const isHeaders = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((header) => typeof header === 'string');
