import type { EndpointHealth } from '@switchyard/contracts';
import { CONSECUTIVE_FAILURES_TO_EJECT, EJECTION_STEP_MS, FORGIVE_AFTER_MS, MAX_EJECTION_MS } from './limits.js';

type State = EndpointHealth['state'];

/**
 * Whether one endpoint is in rotation: `healthy` → `ejected` for 30 s × times → `half_open`, from where the next success
 * restores it and the next failure ejects it for longer. Whether it may be ejected at all is for its model to say.
 */
export class Ejection {
  private current: State = 'healthy';
  private untilMs = 0;
  private times = 0;
  private failuresInARow = 0;
  private healthySinceMs = 0;

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

  /** Five failures in a row, or one in the half-open trial. */
  get hasFailedTooOften(): boolean {
    return this.current === 'healthy' && this.failuresInARow >= CONSECUTIVE_FAILURES_TO_EJECT;
  }

  succeed(nowMs: number): void {
    this.failuresInARow = 0;
    // An answer to a call from before the ejection proves nothing, so only the trial restores.
    if (this.current !== 'half_open') return;
    this.current = 'healthy';
    this.healthySinceMs = nowMs;
  }

  fail(nowMs: number): void {
    this.failuresInARow += 1;
    // Its place among the ejected ones is still its own, so no limit is asked.
    if (this.current === 'half_open') this.putOut(nowMs);
  }

  /** Ejects a healthy endpoint. */
  eject(nowMs: number): void {
    if (this.current !== 'healthy') return;
    const forgiven = Math.floor((nowMs - this.healthySinceMs) / FORGIVE_AFTER_MS);
    this.times = Math.max(0, this.times - forgiven);
    this.putOut(nowMs);
  }

  /** Opens it half when its time is up; answers whether that happened now. */
  tick(nowMs: number): boolean {
    if (this.current !== 'ejected' || nowMs < this.untilMs) return false;
    this.current = 'half_open';
    return true;
  }

  /** Goes on from what an earlier process published. */
  restore({ state, ejectedUntilMs, timesEjected }: EndpointHealth, nowMs: number): void {
    this.current = state;
    this.times = timesEjected;
    this.healthySinceMs = nowMs;
    // However wrong the clock was that wrote it, nothing is out for longer than the longest ejection.
    this.untilMs = Math.min(ejectedUntilMs ?? 0, nowMs + MAX_EJECTION_MS);
  }

  private putOut(nowMs: number): void {
    this.times += 1;
    this.current = 'ejected';
    this.failuresInARow = 0;
    this.untilMs = nowMs + Math.min(MAX_EJECTION_MS, EJECTION_STEP_MS * this.times);
  }
}
