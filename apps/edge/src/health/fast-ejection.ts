export const CONSECUTIVE_FAILURES_TO_EJECT = 5;
export const EJECTION_STEP_MS = 30_000;
export const MAX_EJECTION_MS = 300_000;
/** A trial that has told nothing by then is forgotten, and another request may try. */
export const TRIAL_TIMEOUT_MS = 30_000;
/** An endpoint that stayed in for so long has one earlier ejection forgiven. */
export const FORGIVE_AFTER_MS = 300_000;

/**
 * What this process alone knows of an endpoint's ejection: out after five failures in a row for 30 s × times, then half open,
 * and in again after one success. The prober's verdict, which knows every edge, comes on top.
 */
export class FastEjection {
  private consecutiveFailures = 0;
  private timesEjected = 0;
  private ejectedUntilMs = 0;
  private restoredAtMs = 0;
  private awaitsTrial = false;

  /** `open`: in rotation. `waiting`: its time is up, and a success would bring it back. */
  stateAt(nowMs: number): 'open' | 'ejected' | 'waiting' {
    if (!this.awaitsTrial) return 'open';
    return nowMs < this.ejectedUntilMs ? 'ejected' : 'waiting';
  }

  succeed(nowMs: number): void {
    this.consecutiveFailures = 0;
    // A stream that began before the ejection proves nothing about new calls, so only a trial restores.
    if (this.stateAt(nowMs) !== 'waiting') return;
    this.awaitsTrial = false;
    this.restoredAtMs = nowMs;
  }

  fail(nowMs: number): void {
    this.consecutiveFailures += 1;
    const state = this.stateAt(nowMs);
    if (state === 'waiting') this.eject(nowMs);
    if (state === 'open' && this.consecutiveFailures >= CONSECUTIVE_FAILURES_TO_EJECT) {
      const forgiven = Math.floor((nowMs - this.restoredAtMs) / FORGIVE_AFTER_MS);
      this.timesEjected = Math.max(0, this.timesEjected - forgiven);
      this.eject(nowMs);
    }
  }

  private eject(nowMs: number): void {
    this.timesEjected += 1;
    this.awaitsTrial = true;
    this.ejectedUntilMs = nowMs + Math.min(MAX_EJECTION_MS, EJECTION_STEP_MS * this.timesEjected);
  }
}
