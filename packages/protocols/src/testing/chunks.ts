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
