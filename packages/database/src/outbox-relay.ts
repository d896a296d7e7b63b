import { Logger } from '@nestjs/common';

/** How long an entry may lie unnoticed when it was written by another process: nobody wakes the relay of this one. */
export const OUTBOX_POLL_MS = 1_000;

export interface OutboxRelayOptions {
  /** For the log. */
  readonly name: string;
  /** Moves what lies in the outbox and answers how many entries it moved; 0 ends the round. At least once: it may see an entry again. */
  drain(): Promise<number>;
  readonly pollMs?: number;
}

/**
 * Carries an outbox to where it belongs: at once after `wake()`, else every `pollMs`, one round at a time. A failed round
 * leaves the entries where they are and is tried again at the next poll, for ever.
 */
export class OutboxRelay {
  private readonly logger: Logger;
  private readonly pollMs: number;
  private running: Promise<void> | null = null;
  private stopped = false;
  private woken = false;
  private interrupt: (() => void) | null = null;
  private failing = false;

  constructor(private readonly options: OutboxRelayOptions) {
    this.logger = new Logger(`Outbox ${options.name}`);
    this.pollMs = options.pollMs ?? OUTBOX_POLL_MS;
  }

  start(): void {
    this.running ??= this.run();
  }

  wake(): void {
    this.woken = true;
    this.interrupt?.();
  }

  /** Resolves after the round under way, if any. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.interrupt?.();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      if (!(await this.round())) await this.pause();
    }
  }

  /** True when there may be more. */
  private async round(): Promise<boolean> {
    try {
      const moved = await this.options.drain();
      if (this.failing) this.logger.log('works again');
      this.failing = false;
      return moved > 0;
    } catch (error) {
      // Once per outage: a broker that is away for an hour is one line, not 3,600.
      if (!this.failing) this.logger.warn(`cannot deliver, tries again: ${String(error)}`);
      this.failing = true;
      return false;
    }
  }

  private async pause(): Promise<void> {
    // After a failure only time helps, so a wake does not shorten the wait.
    if (this.stopped || (this.woken && !this.failing)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.pollMs);
      this.interrupt = () => {
        if (this.failing && !this.stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.interrupt = null;
  }
}
