import type { AttemptOutcome } from '@switchyard/contracts';

/** Longer than a leader is missed for, and what it had not stored by then. */
export const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 50_000;

export interface HeardOutcome {
  readonly outcome: AttemptOutcome;
  readonly heardAtMs: number;
}

/** What a process that does not lead has heard lately: with it it goes on where a leader that died stopped storing. */
export class RecentOutcomes {
  private outcomes: HeardOutcome[] = [];

  push(outcome: AttemptOutcome, heardAtMs: number): void {
    this.outcomes.push({ outcome, heardAtMs });
    const tooMany = this.outcomes.length >= 2 * MAX_REMEMBERED;
    if (!tooMany && this.outcomes[0]!.heardAtMs > heardAtMs - 2 * REMEMBER_MS) return;
    this.outcomes = this.outcomes.slice(-MAX_REMEMBERED).filter((one) => one.heardAtMs > heardAtMs - REMEMBER_MS);
  }

  /** Everything, in its order; nothing is left. */
  take(): readonly HeardOutcome[] {
    return this.outcomes.splice(0);
  }
}
