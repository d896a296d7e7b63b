import { FrameType, encodeFrame } from './frame.js';
import { BODY_CHUNK_BYTES, BODY_WINDOW_CHUNKS } from './limits.js';

export const chunkCount = (bytes: number): number => Math.ceil(bytes / BODY_CHUNK_BYTES);

/** Sends a body in numbered chunks, a few at a time. The body itself is the replay buffer, so a loss costs nothing but the time. */
export class BodySender {
  private readonly chunks: number;
  private sent = 0;
  private confirmed = 0;

  constructor(
    private readonly body: Uint8Array,
    private readonly publish: (frame: Uint8Array) => void,
  ) {
    this.chunks = chunkCount(body.length);
  }

  get complete(): boolean {
    return this.confirmed === this.chunks;
  }

  start(): void {
    this.pump();
  }

  /** The worker has all chunks below `next`. False when that cannot be. */
  confirm(next: number): boolean {
    if (next > this.sent) return false;
    this.confirmed = Math.max(this.confirmed, next);
    this.pump();
    return true;
  }

  /** The worker misses chunk `next` and what came behind it. */
  resume(next: number): boolean {
    if (next > this.sent || next < this.confirmed) return false;
    this.confirmed = next;
    this.sent = next;
    this.pump();
    return true;
  }

  private pump(): void {
    while (this.sent < this.chunks && this.sent - this.confirmed < BODY_WINDOW_CHUNKS) {
      const at = this.sent * BODY_CHUNK_BYTES;
      this.publish(encodeFrame(FrameType.body, this.sent, this.body.subarray(at, at + BODY_CHUNK_BYTES)));
      this.sent += 1;
    }
  }
}

/** Puts the chunks of a body together; accepts them in order only. */
export class BodyAssembler {
  private body: Uint8Array | null = null;
  private readonly chunks: number;
  /** Number of the chunk that comes next. */
  next = 0;

  constructor(private readonly totalBytes: number) {
    this.chunks = chunkCount(totalBytes);
  }

  get complete(): boolean {
    return this.next === this.chunks;
  }

  /** The whole body, once complete. */
  get bytes(): Uint8Array {
    return this.body ?? new Uint8Array(0);
  }

  take(sequence: number, chunk: Uint8Array): 'next' | 'duplicate' | 'gap' | 'violation' {
    if (sequence < this.next) return 'duplicate';
    if (sequence > this.next) return sequence < this.chunks ? 'gap' : 'violation';
    const at = sequence * BODY_CHUNK_BYTES;
    if (sequence >= this.chunks || chunk.length !== Math.min(BODY_CHUNK_BYTES, this.totalBytes - at))
      return 'violation';
    // Only a sender that was told to go makes us take the memory.
    this.body ??= new Uint8Array(this.totalBytes);
    this.body.set(chunk, at);
    this.next += 1;
    return 'next';
  }
}

/** Bytes of request bodies that a process may hold at a time: admits by bytes, because one request can weigh as much as a thousand. */
export class ByteBudget {
  usedBytes = 0;

  constructor(private readonly limitBytes: number) {}

  reserve(bytes: number): boolean {
    if (this.usedBytes + bytes > this.limitBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }
}
