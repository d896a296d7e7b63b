import { FinishReason, GenerationId } from '@switchyard/contracts';
import { z } from 'zod';

const LENGTH_BYTES = 4;

/** What is known of a cached answer beside its bytes. */
const Facts = z.object({
  /** The generation that made it. */
  sourceId: GenerationId,
  model: z.string(),
  provider: z.string(),
  providerName: z.string(),
  endpointId: z.string(),
  finishReason: FinishReason.nullable(),
  nativeFinishReason: z.string().nullable(),
  contentType: z.string(),
  /** Unix milliseconds; it is over this long after it was made. */
  madeAtMs: z.int(),
  ttlSeconds: z.int().positive(),
  /** What its client was told of the way it was made. */
  headers: z.record(z.string(), z.string()),
});

/** A whole, successful answer as its client got it. */
export interface CachedAnswer extends z.output<typeof Facts> {
  readonly body: Buffer;
}

export function encodeAnswer({ body, ...facts }: CachedAnswer): Buffer {
  const text = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.byteLength);
  return Buffer.concat([length, text, body]);
}

/** Null for what is none, or from a version that wrote something else. */
export function decodeAnswer(bytes: Buffer): CachedAnswer | null {
  if (bytes.byteLength < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + bytes.readUInt32BE();
  try {
    const facts = Facts.parse(JSON.parse(bytes.subarray(LENGTH_BYTES, end).toString('utf8')));
    return { ...facts, body: bytes.subarray(end) };
  } catch {
    return null;
  }
}
