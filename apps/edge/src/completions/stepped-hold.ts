import { GatewayError } from '@switchyard/contracts';
import type { Allowance, MeterReading } from '@switchyard/contracts';
import { Hold } from '../credit/lease.js';
import { CreditRefused } from '../credit/refusal.js';

/** Output tokens that are set aside at first, and at least with each step. */
export const STEP_TOKENS = 1_024;

/** What a request can cost at most, in nano-USD. */
export interface Bounds {
  /** With so many tokens of output. */
  ofTokens(outputTokens: number): bigint;
  /** With all that it may say. */
  readonly wholeNanos: bigint;
}

/** Sets aside so much for a moment, from whatever lease; throws CreditRefused when it cannot be had. */
export type Reserve = (nanos: bigint) => Promise<Hold>;

/** What a reading of the meter is answered with; the ticket follows from it. */
export type Step = Pick<Allowance, 'outputTokens' | 'last'>;

/** A hold that begins with the prompt and a little output, and grows with the answer. */
export class SteppedHold {
  private tokens: number | null = STEP_TOKENS;
  private refused = false;
  private growing = false;
  private over = false;

  constructor(
    private readonly hold: Hold,
    private readonly bounds: Bounds,
    private readonly reserve: Reserve,
  ) {}

  /** Output tokens that are held; null once the whole bound is. */
  get outputTokens(): number | null {
    return this.tokens;
  }

  /**
   * Sets more aside if the reading asks for it. Answers totals, so that a reading that comes twice is answered twice and moves
   * nothing twice; null when there is nothing to say yet, because the ledger is being asked or cannot be: the worker asks again.
   */
  async answer(reading: MeterReading): Promise<Step | null> {
    if (this.growing || this.over) return null;
    const asks = this.tokens !== null && !this.refused && reading.outputTokens >= this.tokens;
    if (asks && !(await this.grow(reading.usedTokens))) return null;
    return { outputTokens: this.tokens, last: this.refused || this.tokens === null };
  }

  /** The generation has ended: nothing is set aside for it any more. */
  end(): void {
    this.over = true;
  }

  /** False when it is not known yet whether there is more. */
  private async grow(usedTokens: number): Promise<boolean> {
    const wanted = Math.max(usedTokens, this.tokens ?? 0) + STEP_TOKENS;
    const boundNanos = this.bounds.ofTokens(wanted);
    const whole = boundNanos >= this.bounds.wholeNanos;
    const missing = (whole ? this.bounds.wholeNanos : boundNanos) - this.hold.boundNanos;
    this.growing = true;
    try {
      const extended = missing <= 0n ? 'done' : await this.extend(missing);
      // Nothing above the whole bound can be used, however the meter counts.
      if (extended === 'done') this.tokens = whole ? null : wanted;
      if (extended === 'refused') this.refused = true;
      return extended !== 'unknown';
    } finally {
      this.growing = false;
    }
  }

  private async extend(nanos: bigint): Promise<'done' | 'refused' | 'unknown'> {
    if (this.hold.extend(nanos)) return 'done';
    const reserved = await this.reserved(nanos);
    if (!(reserved instanceof Hold)) return reserved;
    // Given back and taken again in one turn, so that nobody comes between.
    reserved.settle(0n);
    if (this.over) return 'unknown';
    // Refused if it came from another lease: the key was changed, and what runs on the old one cannot grow.
    return this.hold.extend(nanos) ? 'done' : 'refused';
  }

  private async reserved(nanos: bigint): Promise<Hold | 'refused' | 'unknown'> {
    try {
      return await this.reserve(nanos);
    } catch (error) {
      if (error instanceof CreditRefused) return 'refused';
      if (error instanceof GatewayError) return 'unknown';
      throw error;
    }
  }
}
