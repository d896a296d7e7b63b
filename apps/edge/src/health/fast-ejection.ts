import { EJECTION_TIMES } from './ejection-times.js';
import type { EjectionTimes } from './ejection-times.js';

export const CONSECUTIVE_FAILURES_TO_EJECT = 5;
/** A trial that has told nothing by then is forgotten, and another request may try. */
export const TRIAL_TIMEOUT_MS = 30_000;
/** An endpoint that stayed in for so long has one earlier ejection forgiven. */
export const FORGIVE_AFTER_MS = 300_000;

/**
 * What this process alone knows of an endpoint's ejection: out after five failures in a row for 30 s × times, then half open,
 * and in again after one success. While failures are quick ones a trial comes every 30 s, also in the middle of an ejection, because
 * it costs no client anything that it notices. The prober's verdict, which knows every edge, comes on top.
 */
export class FastEjection {
  private consecutiveFailures = 0;
  private timesEjected = 0;
  private ejectedUntilMs = 0;
  private trialAtMs = 0;
  private restoredAtMs = 0;
  private awaitsTrial = false;

  constructor(private readonly times: EjectionTimes = EJECTION_TIMES) {}

  /** `open`: in rotation. `waiting`: its time is up, and a success would bring it back. */
  stateAt(nowMs: number): 'open' | 'ejected' | 'waiting' {
    if (!this.awaitsTrial) return 'open';
    return nowMs < this.trialAtMs ? 'ejected' : 'waiting';
  }

  /** Answers whether that ended an ejection. */
  succeed(nowMs: number): boolean {
    this.consecutiveFailures = 0;
    // A stream that began before the ejection proves nothing about new calls, so only a trial restores.
    if (this.stateAt(nowMs) !== 'waiting') return false;
    this.restore(nowMs);
    return true;
  }

  /** An answer was seen elsewhere that ends it. */
  restore(nowMs: number): void {
    if (!this.awaitsTrial) return;
    this.consecutiveFailures = 0;
    this.awaitsTrial = false;
    this.restoredAtMs = nowMs;
  }

  /** `slow` when the client was kept waiting for it. */
  fail(nowMs: number, slow: boolean): void {
    this.consecutiveFailures += 1;
    const state = this.stateAt(nowMs);
    if (state === 'waiting' && nowMs < this.ejectedUntilMs) this.waitForTrial(nowMs, slow);
    else if (state === 'waiting') this.eject(nowMs, slow);
    if (state === 'open' && this.consecutiveFailures >= CONSECUTIVE_FAILURES_TO_EJECT) {
      const forgiven = Math.floor((nowMs - this.restoredAtMs) / FORGIVE_AFTER_MS);
      this.timesEjected = Math.max(0, this.timesEjected - forgiven);
      this.eject(nowMs, slow);
    }
  }

  private eject(nowMs: number, slow: boolean): void {
    this.timesEjected += 1;
    this.awaitsTrial = true;
    this.ejectedUntilMs = nowMs + Math.min(this.times.maxMs, this.times.stepMs * this.timesEjected);
    this.waitForTrial(nowMs, slow);
  }

  private waitForTrial(nowMs: number, slow: boolean): void {
    this.trialAtMs = slow ? this.ejectedUntilMs : Math.min(this.ejectedUntilMs, nowMs + this.times.stepMs);
  }
}
