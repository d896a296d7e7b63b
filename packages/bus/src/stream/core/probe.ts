import type { StreamCounters } from './ports.js';
import type { StreamTimers } from './timers.js';

/** How long silence is nothing, and how many pings may go unanswered. */
export interface Patience {
  readonly silenceMs: number;
  readonly missedPings: number;
}

/** Asks a silent worker whether it lives; decides when to ask and when it has been asked often enough. */
export class Probe {
  private heardMs: number;
  private askedMs: number | null = null;
  private nextAskMs = 0;
  private missed = 0;
  private graceUntilMs = 0;

  constructor(
    private readonly timers: StreamTimers,
    private readonly counters: StreamCounters,
    nowMs: number,
  ) {
    this.heardMs = nowMs;
  }

  heard(nowMs: number): void {
    this.heardMs = nowMs;
    this.askedMs = null;
    this.missed = 0;
    this.graceUntilMs = 0;
    this.nextAskMs = 0;
  }

  /** After a reconnect the worker may still be on its way back: until the grace ends nothing counts against it. */
  reconnected(nowMs: number): void {
    this.askedMs = null;
    this.missed = 0;
    this.graceUntilMs = nowMs + this.timers.reconnectGraceMs;
    this.nextAskMs = nowMs + this.timers.pingTimeoutMs;
  }

  /** The broker knows nobody under the worker's name. True when that means it is dead. */
  noResponders(nowMs: number): boolean {
    if (nowMs >= this.graceUntilMs) {
      this.counters.probesDead += 1;
      return true;
    }
    this.askedMs = null;
    this.nextAskMs = nowMs + this.timers.pingTimeoutMs;
    return false;
  }

  tick(nowMs: number, { silenceMs, missedPings }: Patience): 'quiet' | 'ask' | 'dead' {
    if (this.askedMs !== null && nowMs - this.askedMs >= this.timers.pingTimeoutMs) {
      this.askedMs = null;
      if (nowMs < this.graceUntilMs) this.nextAskMs = nowMs;
      else {
        this.missed += 1;
        this.nextAskMs = nowMs + this.timers.pingPauseMs;
        const dead = this.missed >= missedPings;
        this.counters[dead ? 'probesDead' : 'probesSuspect'] += 1;
        if (dead) return 'dead';
      }
    }
    const silent = nowMs - this.heardMs >= silenceMs || nowMs < this.graceUntilMs;
    if (this.askedMs !== null || !silent || nowMs < this.nextAskMs) return 'quiet';
    this.askedMs = nowMs;
    return 'ask';
  }
}
