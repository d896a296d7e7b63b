import type { StreamContext } from '@switchyard/bus';
import { Allowance } from '@switchyard/contracts';
import type { AttemptCall, MeterReading } from '@switchyard/contracts';
import type { z } from 'zod';

/** A reading that got lost is repeated after this. */
const REPEAT_MS = 250;
/** How long an answer is held back for credit before it is ended. Longer than the edge takes to ask the ledger. */
const WAIT_MS = 5_000;

/** What a usage event says of its bound. */
export type HeldBound = Pick<AttemptCall, 'boundNanos' | 'ticket'>;

/**
 * The allowance of an answer whose bound grows in steps: asks for more when half of it is used, and says when it is spent. Without one
 * (the whole bound is held from the start) everything is covered.
 */
export class Steps {
  private outputTokens: number | null;
  private held: HeldBound;
  private last = false;
  private repeat: NodeJS.Timeout | undefined;
  private usedTokens = 0;
  private answered = Promise.withResolvers<void>();

  constructor(
    private readonly context: Pick<StreamContext, 'meter' | 'onAllow' | 'signal'>,
    call: Pick<AttemptCall, 'boundNanos' | 'ticket' | 'allowance'>,
  ) {
    this.outputTokens = call.allowance;
    this.held = { boundNanos: call.boundNanos, ticket: call.ticket };
    if (this.outputTokens !== null) context.onAllow((answer) => this.take(answer));
  }

  /** The latest bound that the edge vouched for. */
  get bound(): HeldBound {
    return this.held;
  }

  /** Output tokens that are held; null for as many as the request allows. */
  get allowedTokens(): number | null {
    return this.outputTokens;
  }

  /** All that the request allows is held. */
  get unlimited(): boolean {
    return this.outputTokens === null;
  }

  /** Whether so much output is held; waits for more to be set aside, within limits. */
  async covers(usedTokens: number): Promise<boolean> {
    this.usedTokens = usedTokens;
    if (this.outputTokens === null) return true;
    if (!this.last && usedTokens * 2 >= this.outputTokens) this.ask();
    if (usedTokens <= this.outputTokens) return true;
    await this.untilCovered(usedTokens);
    return this.outputTokens === null || usedTokens <= this.outputTokens;
  }

  /** Nothing is asked for any more. */
  end(): void {
    clearInterval(this.repeat);
    this.repeat = undefined;
  }

  private async untilCovered(usedTokens: number): Promise<void> {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), WAIT_MS);
    const stop = () => late.resolve('late');
    this.context.signal.addEventListener('abort', stop, { once: true });
    try {
      while (!this.last && this.outputTokens !== null && usedTokens > this.outputTokens) {
        if ((await Promise.race([this.answered.promise, late.promise])) === 'late') return;
      }
    } finally {
      clearTimeout(timer);
      this.context.signal.removeEventListener('abort', stop);
    }
  }

  private ask(): void {
    if (this.repeat) return;
    this.tell();
    this.repeat = setInterval(() => this.tell(), REPEAT_MS);
  }

  private tell(): void {
    if (this.outputTokens === null) return this.end();
    const reading: MeterReading = { usedTokens: this.usedTokens, outputTokens: this.outputTokens };
    this.context.meter(reading);
  }

  /** Totals, so that an answer that comes twice or late changes nothing. */
  private take(answer: unknown): void {
    const parsed = Allowance.safeDecode(answer as z.input<typeof Allowance>);
    if (!parsed.success) return;
    const { outputTokens, boundNanos, ticket, last } = parsed.data;
    const grows = outputTokens === null || (this.outputTokens !== null && outputTokens > this.outputTokens);
    if (grows && boundNanos >= this.held.boundNanos) {
      this.outputTokens = outputTokens;
      this.held = { boundNanos, ticket };
    }
    if (!grows && !last) return;
    this.last ||= last;
    this.end();
    this.answered.resolve();
    this.answered = Promise.withResolvers();
    // Half of the new allowance may be used by now.
    if (!this.last && this.outputTokens !== null && this.usedTokens * 2 >= this.outputTokens) this.ask();
  }
}
