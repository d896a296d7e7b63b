/** Bytes that anybody can check: the n-th chunk of a stream follows from its seed. */
export function chunkOf(seed: number, number: number, bytes: number): Uint8Array {
  const chunk = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index += 1)
    chunk[index] = (seed * 131 + number * 17 + index * 7 + (index >> 8)) & 0xff;
  return chunk;
}

export function contentOf(seed: number, chunks: number, bytes: number): Buffer {
  return Buffer.concat(Array.from({ length: chunks }, (_, number) => chunkOf(seed, number, bytes)));
}
