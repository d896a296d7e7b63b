const LENGTH_BYTES = 4;

/**
 * The newest values by their keys, as bytes in a few large buffers that are written round and round. A value costs the garbage collector
 * nothing, neither when it is kept nor when a newer one takes its place; buffers of their own would each be promoted, and be freed by
 * a collection of the whole heap only.
 */
export class ByteRing {
  private readonly slabs: Buffer[] = [];
  /** Where each value begins, counted from the first byte that was ever written; the oldest first. */
  private readonly starts = new Map<string, number>();
  private head = 0;

  constructor(
    private readonly slabBytes: number,
    private readonly slabCount: number,
  ) {}

  get size(): number {
    return this.starts.size;
  }

  /** Room for a value, to be filled at once; null when it is larger than a slab. Keys are used once. */
  reserve(key: string, length: number): Buffer | null {
    const bytes = LENGTH_BYTES + length;
    if (bytes > this.slabBytes) return null;
    const left = this.slabBytes - (this.head % this.slabBytes);
    // No value lies in two slabs.
    if (bytes > left) this.head += left;
    if (this.head % this.slabBytes === 0) this.forget(this.head - (this.slabCount - 1) * this.slabBytes);
    const slab = this.slabAt(this.head);
    const offset = this.head % this.slabBytes;
    slab.writeUInt32LE(length, offset);
    this.starts.set(key, this.head);
    this.head += bytes;
    return slab.subarray(offset + LENGTH_BYTES, offset + bytes);
  }

  /** The bytes of a value until the next is kept; null when there is none, or none any more. */
  get(key: string): Buffer | null {
    const start = this.starts.get(key);
    if (start === undefined) return null;
    const slab = this.slabAt(start);
    const offset = start % this.slabBytes;
    return slab.subarray(offset + LENGTH_BYTES, offset + LENGTH_BYTES + slab.readUInt32LE(offset));
  }

  private slabAt(position: number): Buffer {
    const index = Math.floor(position / this.slabBytes) % this.slabCount;
    return (this.slabs[index] ??= Buffer.allocUnsafeSlow(this.slabBytes));
  }

  private forget(before: number): void {
    for (const [key, start] of this.starts) {
      if (start >= before) return;
      this.starts.delete(key);
    }
  }
}
