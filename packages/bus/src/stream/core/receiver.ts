import { FrameType } from './frame.js';
import type { Position } from './frame.js';
import { MAX_RING_FRAMES } from './limits.js';
import type { StreamFailure } from './failure.js';

export type Verdict = 'next' | 'duplicate' | 'gap';

/** A view of this part or less of its memory is copied when it has to wait, so that it does not keep the whole read buffer alive. */
const SMALL_VIEW = 1 / 4;
const QUEUE_OF_VIEWS = 4;

/**
 * The receiving half of a stream, on the edge: takes frames in order without hole or repeat, queues data for one reader, and
 * says when credit has to go back. Credit counts bytes that the client took, not bytes that arrived.
 */
export class FrameReceiver {
  private queue: Uint8Array[] = [];
  private queueHead = 0;
  private reader: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | null = null;
  private ended = false;
  private failure: StreamFailure | null = null;
  private discarding = false;
  private framesSinceAck = 0;
  private ackedBytes = 0;
  /** Number of the frame that comes next. */
  next = 0;
  receivedBytes = 0;
  /** Bytes that the client took. */
  takenBytes = 0;
  /** When the client last took something, or had nothing to take. */
  progressMs: number;

  constructor(
    private readonly windowBytes: number,
    nowMs: number,
  ) {
    this.progressMs = nowMs;
  }

  /** Data bytes that the client has not taken yet. */
  get waitingBytes(): number {
    return this.receivedBytes - this.takenBytes;
  }

  get drained(): boolean {
    return this.queueHead === this.queue.length;
  }

  judge(sequence: number): Verdict {
    if (sequence === this.next) return 'next';
    return sequence < this.next ? 'duplicate' : 'gap';
  }

  /** Takes the frame that {@link judge} called `next`. False when a data frame breaks the window. */
  take(type: number, payload: Uint8Array, nowMs: number): boolean {
    this.next += 1;
    this.framesSinceAck += 1;
    if (type !== FrameType.data) return true;
    if (this.waitingBytes === 0) this.progressMs = nowMs;
    this.receivedBytes += payload.length;
    if (this.waitingBytes > this.windowBytes) return false;
    if (this.discarding) this.takenBytes = this.receivedBytes;
    else this.deliver(payload);
    return true;
  }

  /** The client took that many more bytes. */
  acknowledge(bytes: number, nowMs: number): void {
    if (!(bytes > 0)) return;
    this.takenBytes = Math.min(this.receivedBytes, this.takenBytes + Math.floor(bytes));
    this.progressMs = nowMs;
  }

  /** Credit goes back each quarter of the window, by bytes; many tiny frames count too, because the ring is also bounded by count. */
  get acknowledgementDue(): boolean {
    return (
      this.takenBytes - this.ackedBytes >= Math.max(1, this.windowBytes >> 2) ||
      (this.framesSinceAck >= MAX_RING_FRAMES >> 2 && this.takenBytes > this.ackedBytes)
    );
  }

  /** The position to tell the worker; counts as told. */
  position(): Position {
    this.ackedBytes = this.takenBytes;
    this.framesSinceAck = 0;
    return { next: this.next, ackedBytes: this.takenBytes };
  }

  end(): void {
    this.ended = true;
    if (this.reader && this.drained) this.settle().resolve({ value: undefined, done: true });
  }

  /** The reader fails once it has read what arrived in order before. */
  fail(failure: StreamFailure): void {
    if (this.ended) return;
    this.failure = failure;
    if (this.reader && this.drained) this.settle().reject(failure);
  }

  /** Nobody wants the data any more: what waits is dropped, later data counts as taken. */
  discard(failure: StreamFailure): void {
    this.discarding = true;
    this.queue = [];
    this.queueHead = 0;
    this.takenBytes = this.receivedBytes;
    this.ended = false;
    this.fail(failure);
  }

  read(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.drained) return Promise.resolve({ value: this.shift(), done: false });
    if (this.ended) return Promise.resolve({ value: undefined, done: true });
    if (this.failure) return Promise.reject(this.failure);
    if (this.reader)
      return Promise.reject(new TypeError('a stream has one reader, which waits for one chunk at a time'));
    this.reader = Promise.withResolvers();
    return this.reader.promise;
  }

  private deliver(payload: Uint8Array): void {
    if (this.reader) {
      this.settle().resolve({ value: payload, done: false });
      return;
    }
    const waiting = this.queue.length - this.queueHead >= QUEUE_OF_VIEWS;
    this.queue.push(waiting && payload.length <= payload.buffer.byteLength * SMALL_VIEW ? payload.slice() : payload);
  }

  private shift(): Uint8Array {
    const chunk = this.queue[this.queueHead]!;
    this.queueHead += 1;
    if (this.drained) {
      this.queue = [];
      this.queueHead = 0;
    }
    return chunk;
  }

  private settle(): PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> {
    const reader = this.reader!;
    this.reader = null;
    return reader;
  }
}
