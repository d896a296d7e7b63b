import { MAX_REASON_CHARACTERS } from './limits.js';
import type { StreamTimers } from './timers.js';

/** A cancel that waits for the worker's confirmation: repeated, because it may be lost, until a deadline. */
export class Cancellation {
  readonly reason: string;
  private readonly deadlineMs: number;
  private sentMs: number;

  constructor(
    reason: string,
    private readonly timers: StreamTimers,
    nowMs: number,
  ) {
    this.reason = reason.slice(0, MAX_REASON_CHARACTERS);
    this.deadlineMs = nowMs + timers.cancelMs;
    this.sentMs = nowMs;
  }

  tick(nowMs: number): 'quiet' | 'send' | 'lost' {
    if (nowMs >= this.deadlineMs) return 'lost';
    if (nowMs - this.sentMs < this.timers.cancelResendMs) return 'quiet';
    this.sentMs = nowMs;
    return 'send';
  }
}
