/** A tick that is this much late found a blocked event loop. */
const LATE_MS = 100;

/**
 * Calls back at a fixed interval and knows how late the event loop is. A late tick judges nothing: what arrived while the
 * process was asleep is still unread then, and would look like silence.
 */
export class Ticker {
  private readonly timer: NodeJS.Timeout;
  private dueMs: number;
  private lastLagMs = 0;
  private onTimeMs: number;
  private skipped = false;

  /** @param maxLagMs what is later is not on time, as {@link lateForMs} sees it */
  constructor(
    private readonly intervalMs: number,
    private readonly onTick: () => void,
    private readonly maxLagMs = LATE_MS,
  ) {
    this.onTimeMs = performance.now();
    this.dueMs = this.onTimeMs + intervalMs;
    this.timer = setInterval(() => this.tick(), intervalMs);
  }

  /** How late the event loop was at the last tick, or is now. */
  get lagMs(): number {
    return Math.max(this.lastLagMs, performance.now() - this.dueMs);
  }

  /** How long no tick has been on time. */
  get lateForMs(): number {
    return this.lagMs > this.maxLagMs ? performance.now() - this.onTimeMs : 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const nowMs = performance.now();
    this.lastLagMs = Math.max(0, nowMs - this.dueMs);
    this.dueMs = nowMs + this.intervalMs;
    if (this.lastLagMs <= this.maxLagMs) this.onTimeMs = nowMs;
    // Not twice in a row, or a process that is always late would never look at a deadline.
    this.skipped = this.lastLagMs >= LATE_MS && !this.skipped;
    if (!this.skipped) this.onTick();
  }
}
