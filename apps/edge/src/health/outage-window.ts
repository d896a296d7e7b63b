export const OUTAGE_WINDOW_MS = 30_000;
const BUCKETS = 30;
const BUCKET_MS = OUTAGE_WINDOW_MS / BUCKETS;

/** Attempts and failures of the last 30 s, in buckets of a second, with running sums: reading costs no loop over attempts. */
export class OutageWindow {
  private readonly attempts = new Uint32Array(BUCKETS);
  private readonly failures = new Uint32Array(BUCKETS);
  private attemptSum = 0;
  private failureSum = 0;
  private head = 0;

  record(failed: boolean, nowMs: number): void {
    const slot = this.advance(nowMs) % BUCKETS;
    this.attempts[slot]! += 1;
    this.attemptSum += 1;
    if (!failed) return;
    this.failures[slot]! += 1;
    this.failureSum += 1;
  }

  /** A significant outage: at least one failure, and more than half of the attempts failed. */
  isOutage(nowMs: number): boolean {
    if (this.failureSum === 0) return false;
    this.advance(nowMs);
    return this.failureSum > 0 && this.failureSum * 2 > this.attemptSum;
  }

  private advance(nowMs: number): number {
    const now = Math.max(this.head, Math.floor(nowMs / BUCKET_MS));
    for (let bucket = Math.max(this.head + 1, now - BUCKETS + 1); bucket <= now; bucket += 1) {
      const slot = bucket % BUCKETS;
      this.attemptSum -= this.attempts[slot]!;
      this.failureSum -= this.failures[slot]!;
      this.attempts[slot] = 0;
      this.failures[slot] = 0;
    }
    this.head = now;
    return now;
  }
}
