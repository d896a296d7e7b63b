import type { Clock } from './clock.js';

const WINDOW_MS = 10_000;
/** After this many silent windows nothing of the past is left in whole nano-dollars that would matter. */
const MAX_SILENT_WINDOWS = 64;

/** Exponentially weighted average of what a key spends in ten seconds, in nano-USD. */
export class SpendRate {
  private averageNanos = 0n;
  private currentNanos = 0n;
  private windowStartMs: number;

  constructor(private readonly clock: Clock) {
    this.windowStartMs = clock();
  }

  add(nanos: bigint): void {
    this.roll();
    this.currentNanos += nanos;
  }

  /** Spend to expect in the next ten seconds: the average, or this window where it is more already. */
  get perWindowNanos(): bigint {
    this.roll();
    return this.currentNanos > this.averageNanos ? this.currentNanos : this.averageNanos;
  }

  private roll(): void {
    const windows = Math.floor((this.clock() - this.windowStartMs) / WINDOW_MS);
    if (windows <= 0) return;
    this.windowStartMs += windows * WINDOW_MS;
    this.averageNanos = (this.averageNanos + this.currentNanos) / 2n;
    this.currentNanos = 0n;
    this.averageNanos >>= BigInt(Math.min(windows - 1, MAX_SILENT_WINDOWS));
  }
}
