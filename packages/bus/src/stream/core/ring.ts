import { MAX_RING_FRAMES } from './limits.js';

/**
 * The frames that were sent and not yet confirmed, for replay. Numbered from `first`; each remembers how many data bytes had
 * been sent with it, because confirmations count bytes.
 */
export class ReplayRing {
  private frames: Uint8Array[] = [];
  private ends: number[] = [];
  private released = 0;
  /** Number of the oldest frame that can still be replayed. */
  first = 0;

  get length(): number {
    return this.frames.length - this.released;
  }

  get full(): boolean {
    return this.length >= MAX_RING_FRAMES;
  }

  push(frame: Uint8Array, sentBytes: number): void {
    this.frames.push(frame);
    this.ends.push(sentBytes);
  }

  /** Forgets frames below `next` whose bytes the client has taken. */
  release(next: number, ackedBytes: number): void {
    while (this.length > 0 && this.first < next && this.ends[this.released]! <= ackedBytes) {
      this.released += 1;
      this.first += 1;
    }
    // Shifting an array per frame is quadratic and never compacting it leaks, so it is done by halves.
    if (this.released > 32 && this.released * 2 > this.frames.length) {
      this.frames = this.frames.slice(this.released);
      this.ends = this.ends.slice(this.released);
      this.released = 0;
    }
  }

  /** Frames from number `next` on; null when they are gone. */
  from(next: number): Uint8Array[] | null {
    return next < this.first ? null : this.frames.slice(this.released + next - this.first);
  }

  clear(): void {
    this.first += this.length;
    this.frames = [];
    this.ends = [];
    this.released = 0;
  }
}
