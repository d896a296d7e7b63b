import { FRAME_HEADER_BYTES, FrameType, allocateFrame, encodeFrame } from './frame.js';
import type { Position } from './frame.js';
import { COALESCE_BYTES, DEFAULT_WINDOW_BYTES, MAX_DATA_FRAME_BYTES } from './limits.js';
import type { Scheduler } from './ports.js';
import { ReplayRing } from './ring.js';

const READY = Promise.resolve();

/**
 * The sending half of a stream, on the worker: numbers frames, keeps them for replay, and sends data only within the credit
 * of the receiver. The first data frame leaves at once; later bytes wait for the end of the turn, or up to `coalesceMs` after
 * the frame before, so that a fast model does not cost a message per token.
 */
export class FrameSender {
  private readonly ring = new ReplayRing();
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private sentBytes = 0;
  private ackedBytes = 0;
  private lastDataMs = -Infinity;
  private flushPlanned = false;
  private discarding = false;
  private terminal: Uint8Array | null = null;
  private terminalType: FrameType | null = null;
  private credit: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  private finished: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  private readonly flushNow = () => {
    this.flushPlanned = false;
    this.flush();
  };
  windowBytes = DEFAULT_WINDOW_BYTES;
  /** Number of the next frame. */
  next = 0;
  /** `end` or `fail` is sent. */
  done = false;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly coalesceMs: number,
    /** `mayWait`: data of a stream that has begun, which its reader does not miss for some milliseconds. */
    private readonly publish: (frame: Uint8Array, mayWait: boolean) => void,
  ) {}

  /** Data bytes that were sent and not confirmed: never more than the window. */
  get outstandingBytes(): number {
    return this.sentBytes - this.ackedBytes;
  }

  get ringFrames(): number {
    return this.ring.length;
  }

  /** `end` or `fail` is sent or waits for credit. */
  get closing(): boolean {
    return this.terminalType !== null;
  }

  head(meta: Uint8Array): void {
    this.emit(FrameType.head, meta);
  }

  /** Resolves when the next write would find credit. The bytes belong to the stream from here on; do not change them. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.discarding || this.closing || bytes.length === 0) return READY;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    const sinceDataMs = this.scheduler.nowMs() - this.lastDataMs;
    if (this.sentBytes === 0 || this.pendingBytes >= COALESCE_BYTES) this.flush();
    else if (!this.flushPlanned) this.planFlush(sinceDataMs);
    return this.hasCredit() ? READY : this.whenCredit();
  }

  /** Sends the last frame behind all data. Resolves when it is sent. */
  finish(type: typeof FrameType.end | typeof FrameType.fail, payload: Uint8Array): Promise<void> {
    if (this.closing) return this.done ? READY : this.finished!.promise;
    this.terminalType = type;
    this.terminal = payload;
    this.finished = Promise.withResolvers<void>();
    this.flush();
    return this.finished.promise;
  }

  /** The receiver wants no more data: what waits is dropped, writers go on, `finish` needs no credit. */
  discard(): void {
    this.discarding = true;
    this.pending = [];
    this.pendingBytes = 0;
    this.giveCredit();
    this.flush();
  }

  /** False when the position cannot be: bytes or frames that were never sent. */
  acknowledge(position: Position): boolean {
    if (position.ackedBytes > this.sentBytes || position.next > this.next) return false;
    if (position.ackedBytes > this.ackedBytes) this.ackedBytes = position.ackedBytes;
    this.ring.release(position.next, this.ackedBytes);
    this.flush();
    if (this.hasCredit()) this.giveCredit();
    return true;
  }

  /** Sends again from number `next` on. False when those frames are gone, which the receiver has to be told. */
  replay(next: number): boolean {
    const frames = this.ring.from(next);
    if (!frames) return false;
    for (const frame of frames) this.publish(frame, false);
    return true;
  }

  /** Ends all waiting and frees the ring. */
  close(): void {
    this.discard();
    this.ring.clear();
    this.finished?.resolve();
  }

  private planFlush(sinceDataMs: number): void {
    this.flushPlanned = true;
    if (sinceDataMs >= this.coalesceMs) this.scheduler.soon(this.flushNow);
    else this.scheduler.after(this.coalesceMs - sinceDataMs, this.flushNow);
  }

  private hasCredit(): boolean {
    return this.discarding || (this.outstandingBytes + this.pendingBytes < this.windowBytes && !this.ring.full);
  }

  private whenCredit(): Promise<void> {
    this.credit ??= Promise.withResolvers<void>();
    return this.credit.promise;
  }

  private giveCredit(): void {
    this.credit?.resolve();
    this.credit = null;
  }

  private flush(): void {
    while (this.pendingBytes > 0) {
      const creditBytes = this.windowBytes - this.outstandingBytes;
      if (creditBytes <= 0 || this.ring.full) return;
      this.sendData(Math.min(this.pendingBytes, creditBytes, MAX_DATA_FRAME_BYTES));
    }
    if (this.terminalType !== null && !this.done) {
      this.done = true;
      this.emit(this.terminalType, this.terminal!);
      this.finished!.resolve();
    }
  }

  private sendData(size: number): void {
    const frame = allocateFrame(FrameType.data, this.next, size);
    let filled = 0;
    let used = 0;
    while (filled < size) {
      const chunk = this.pending[used]!;
      const room = size - filled;
      frame.set(chunk.length <= room ? chunk : chunk.subarray(0, room), FRAME_HEADER_BYTES + filled);
      filled += Math.min(chunk.length, room);
      if (chunk.length > room) this.pending[used] = chunk.subarray(room);
      else used += 1;
    }
    if (used === this.pending.length) this.pending = [];
    else if (used > 0) this.pending.splice(0, used);
    const mayWait = this.sentBytes > 0 && size < COALESCE_BYTES;
    this.pendingBytes -= size;
    this.sentBytes += size;
    this.lastDataMs = this.scheduler.nowMs();
    this.record(frame, mayWait);
  }

  private emit(type: FrameType, payload: Uint8Array): void {
    this.record(encodeFrame(type, this.next, payload), false);
  }

  private record(frame: Uint8Array, mayWait: boolean): void {
    this.next += 1;
    this.ring.push(frame, this.sentBytes);
    this.publish(frame, mayWait);
  }
}
