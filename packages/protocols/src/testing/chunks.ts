import type { Lane } from '../types.js';

/** Bytes cut into reads of the given sizes; the last size repeats until the end. */
export async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (let read = 0; position < bytes.length; read++) {
    const size = Math.max(sizes[Math.min(read, sizes.length - 1)] ?? bytes.length, 1);
    yield bytes.subarray(position, position + size);
    position += size;
  }
}

export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** Drives a lane with a stream, as a worker does. */
export async function* through(lane: Lane, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const bytes = lane.push(chunk);
    if (bytes) yield bytes;
    if (lane.done) break;
  }
  const rest = lane.finish();
  if (rest) yield rest;
}
