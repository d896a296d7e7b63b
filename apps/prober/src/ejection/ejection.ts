import type { EndpointHealth } from '@switchyard/contracts';
import { CONSECUTIVE_FAILURES_TO_EJECT, EJECTION_TIMES, FORGIVE_AFTER_MS } from './limits.js';
import type { EjectionTimes } from './limits.js';

type State = EndpointHealth['state'];

/**
 * Whether one endpoint is in rotation: `healthy` → `ejected` for 30 s × times → `half_open`, from where the next success
 * restores it and the next failure ejects it for longer. While its failures are quick ones, which cost a client nothing that it
 * notices, a trial comes every 30 s also within a longer ejection; a failed trial in between changes nothing. Whether it may be
 * ejected at all is for its model to say.
 */
export class Ejection {
  private current: State = 'healthy';
  private untilMs = 0;
  private trialAtMs = 0;
  private times = 0;
  private failures = 0;
  private lastWasSlow = false;
  private healthySinceMs = 0;
  private restoredMs: number | null = null;

  constructor(private readonly limits: EjectionTimes = EJECTION_TIMES) {}

  get state(): State {
    return this.current;
  }

  get timesEjected(): number {
    return this.times;
  }

  /** Null unless ejected. */
  get ejectedUntilMs(): number | null {
    return this.current === 'ejected' ? this.untilMs : null;
  }

  /** When an answer ended the last ejection; null when none did. */
  get restoredAtMs(): number | null {
    return this.restoredMs;
  }

  get failuresInARow(): number {
    return this.failures;
  }

  /** Five failures in a row, or one in the half-open trial. */
  get hasFailedTooOften(): boolean {
    return this.current === 'healthy' && this.failures >= CONSECUTIVE_FAILURES_TO_EJECT;
  }

  succeed(nowMs: number): void {
    this.failures = 0;
    // An answer to a call from before the ejection proves nothing, so only the trial restores.
    if (this.current === 'half_open') this.putIn(nowMs);
  }

  /** `slow` when the client was kept waiting for it. */
  fail(nowMs: number, slow = false): void {
    this.failures += 1;
    this.lastWasSlow = slow;
    if (this.current !== 'half_open') return;
    // Its place among the ejected ones is still its own, so no limit is asked.
    if (nowMs < this.untilMs) this.wait(nowMs);
    else this.putOut(nowMs);
  }

  /** A probe asks only what is out, so its answer is one to a call from after the ejection. */
  answerProbe(nowMs: number): void {
    this.failures = 0;
    if (this.current !== 'healthy') this.putIn(nowMs);
  }

  /** Ejects a healthy endpoint. */
  eject(nowMs: number): void {
    if (this.current !== 'healthy') return;
    const forgiven = Math.floor((nowMs - this.healthySinceMs) / FORGIVE_AFTER_MS);
    this.times = Math.max(0, this.times - forgiven);
    this.putOut(nowMs);
  }

  /** Opens it half when it is time for a trial; answers whether that happened now. */
  tick(nowMs: number): boolean {
    if (this.current !== 'ejected' || nowMs < this.trialAtMs) return false;
    this.current = 'half_open';
    return true;
  }

  /** Goes on from what an earlier process published. */
  restore(
    { state, ejectedUntilMs, timesEjected, restoredAtMs }: EndpointHealth,
    nowMs: number,
    failuresInARow = 0,
  ): void {
    this.current = state;
    this.times = timesEjected;
    this.failures = failuresInARow;
    this.healthySinceMs = nowMs;
    this.restoredMs = restoredAtMs ?? null;
    // However wrong the clock was that wrote it, nothing is out for longer than the longest ejection.
    this.untilMs = Math.min(ejectedUntilMs ?? 0, nowMs + this.limits.maxMs);
    this.trialAtMs = Math.min(this.untilMs, nowMs + this.limits.stepMs);
  }

  private putIn(nowMs: number): void {
    this.current = 'healthy';
    this.healthySinceMs = nowMs;
    this.restoredMs = nowMs;
  }

  private putOut(nowMs: number): void {
    this.times += 1;
    this.failures = 0;
    this.untilMs = nowMs + Math.min(this.limits.maxMs, this.limits.stepMs * this.times);
    this.wait(nowMs);
  }

  private wait(nowMs: number): void {
    this.current = 'ejected';
    this.trialAtMs = this.lastWasSlow ? this.untilMs : Math.min(this.untilMs, nowMs + this.limits.stepMs);
  }
}
