/** Part of the running generations that may be trying again at one time, and what is always allowed. */
const SHARE_OF_RUNNING = 0.2;
const LEAST_RETRIES = 3;

/** The right to one extra call, until it is released. */
export interface RetrySlot {
  release(): void;
}

/**
 * What all generations of a process share for calls that multiply load: the same endpoint again, one that is known to be sick, and
 * a second call at the same time. A healthy endpoint that is asked instead of a failed one is no more load than the request itself,
 * so it needs no slot. With it a storm never multiplies itself: a fifth more calls at most, and three where little runs.
 */
export class RetryBudget {
  private retrying = 0;

  /** @param running how many generations this process serves now */
  constructor(private readonly running: () => number) {}

  /** Extra calls that run now. */
  get used(): number {
    return this.retrying;
  }

  /** Null when enough is tried again already. */
  take(): RetrySlot | null {
    if (this.retrying >= Math.max(LEAST_RETRIES, Math.floor(this.running() * SHARE_OF_RUNNING))) return null;
    this.retrying += 1;
    let held = true;
    return {
      release: () => {
        if (held) this.retrying -= 1;
        held = false;
      },
    };
  }
}
