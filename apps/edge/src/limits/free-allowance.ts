import { randomUUID } from 'node:crypto';
import { GatewayError } from '@switchyard/contracts';
import type { Clock } from '../credit/clock.js';
import { freeLimitError } from './free-limit-error.js';
import type { FreeLedger, FreeTranche } from './free-ledger.js';

interface HeldTranche {
  readonly id: string;
  readonly validUntilMs: number;
  left: number;
  used: number;
}

interface LostQuestion {
  readonly id: string;
  readonly want: number;
  readonly askedAtMs: number;
}

interface Waiter {
  readonly resolve: (permit: Permit) => void;
  readonly reject: (error: unknown) => void;
}

/** The right to start one request, counted as used. */
export interface Permit {
  /** It was not used after all. Works as long as the tranche that it is of is still in hand. */
  undo(): void;
}

/** The most that one question may ask for. */
const MOST_WANTED = 1_000;
/** For so long a refusal is answered without a question: rarely more than a second late, never a flood of questions. */
const REFUSAL_MS = 1_000;
/** An answer that got lost is asked for again under the same id this long: later its minute is over. */
const LOST_QUESTION_MS = 60_000;
/** Answers in a row that came too late to be used before those who wait are told so. */
const MAX_STALE_ANSWERS = 3;

/**
 * The free requests of one account at this edge: a tranche that the ledger handed out, and the queue of those who wait for the
 * next one. No I/O while the tranche lasts; at most one question is under way, whatever the number of requests.
 */
export class FreeAllowance {
  private held: HeldTranche | null = null;
  private readonly unreturned = new Set<{ readonly id: string; readonly left: number }>();
  private lost: LostQuestion | null = null;
  private readonly queue: Waiter[] = [];
  private asking = false;
  private refused: { readonly answer: FreeTranche; readonly untilMs: number } | null = null;

  constructor(
    private readonly accountId: string,
    private readonly ledger: FreeLedger,
    private readonly clock: Clock,
  ) {}

  /** Nothing is held, waited for or remembered: it may be forgotten. */
  get idle(): boolean {
    const quiet = this.queue.length === 0 && !this.asking && this.unreturned.size === 0 && this.lost === null;
    return quiet && this.held === null && (this.refused === null || this.clock() >= this.refused.untilMs);
  }

  /** @throws GatewayError `free_model_limit`; `service_unavailable` when the ledger cannot be asked */
  async take(): Promise<Permit> {
    const permit = this.queue.length === 0 ? this.use() : null;
    if (permit) return permit;
    if (this.refused && this.clock() < this.refused.untilMs) throw freeLimitError(this.refused.answer);
    const { promise, resolve, reject } = Promise.withResolvers<Permit>();
    this.queue.push({ resolve, reject });
    if (!this.asking) void this.serveQueue();
    return promise;
  }

  /** Gives back what can no longer be used, or everything: a day's request that lies here is missing elsewhere. */
  async giveBack({ everything = false } = {}): Promise<void> {
    if (this.held && (everything || this.expired(this.held))) this.letGo();
    if (this.lost && (everything || this.clock() - this.lost.askedAtMs >= LOST_QUESTION_MS)) this.giveUpLost();
    for (const tranche of this.unreturned) {
      await this.ledger.giveBack(tranche.id, tranche.left);
      this.unreturned.delete(tranche);
    }
  }

  private use(): Permit | null {
    const tranche = this.held;
    if (!tranche || tranche.left === 0 || this.expired(tranche)) return null;
    tranche.left -= 1;
    tranche.used += 1;
    let undone = false;
    return {
      undo: () => {
        if (undone || this.held !== tranche) return;
        undone = true;
        tranche.left += 1;
        tranche.used -= 1;
      },
    };
  }

  private async serveQueue(): Promise<void> {
    this.asking = true;
    // Requests that come in the same turn share one question.
    await Promise.resolve();
    for (let staleAnswers = 0; this.queue.length > 0 && staleAnswers < MAX_STALE_ANSWERS;) {
      try {
        const answer = await this.ask();
        if (answer.limitedBy !== null) this.rejectAll(freeLimitError(answer));
      } catch (error) {
        this.rejectAll(error);
      }
      staleAnswers = this.serveWaiting() > 0 ? 0 : staleAnswers + 1;
    }
    this.asking = false;
    if (this.queue.length > 0) this.rejectAll(new GatewayError('service_unavailable', { retryAfterMs: 1_000 }));
  }

  /** How many of those who wait could be served. */
  private serveWaiting(): number {
    let served = 0;
    for (let permit = this.nextPermit(); permit; permit = this.nextPermit()) {
      this.queue.shift()?.resolve(permit);
      served += 1;
    }
    return served;
  }

  private nextPermit(): Permit | null {
    return this.queue.length > 0 ? this.use() : null;
  }

  /** As much as waits, and as much again as was used of the last tranche: few questions for who asks much, nothing idle for who asks little. */
  private async ask(): Promise<FreeTranche> {
    const usedBefore = this.held && !this.expired(this.held) ? this.held.used : 0;
    this.letGo();
    const askedAtMs = this.clock();
    const wanted = Math.min(MOST_WANTED, this.queue.length + usedBefore);
    // What was handed out in an answer that got lost is not handed out twice.
    this.lost ??= { id: randomUUID(), want: wanted, askedAtMs };
    const { id: trancheId, want } = this.lost;
    const answer = await this.ledger.take({ trancheId, accountId: this.accountId, want });
    const { granted, validMs } = answer;
    // The tranche of a lost answer, and its minute is over: it goes back, and the next question is about a new one.
    if (answer.granted === 0 && answer.limitedBy === null) this.giveUpLost();
    this.lost = null;
    this.refused = null;
    if (granted > 0) this.held = { id: trancheId, validUntilMs: askedAtMs + validMs, left: granted, used: 0 };
    else if (answer.limitedBy !== null) this.refused = { answer, untilMs: askedAtMs + Math.min(REFUSAL_MS, validMs) };
    return answer;
  }

  /** Nothing of it was used, so all that was handed out goes back. */
  private giveUpLost(): void {
    if (this.lost) this.unreturned.add({ id: this.lost.id, left: this.lost.want });
    this.lost = null;
  }

  private letGo(): void {
    if (this.held && this.held.left > 0) this.unreturned.add(this.held);
    this.held = null;
  }

  private expired({ validUntilMs }: HeldTranche): boolean {
    return this.clock() >= validUntilMs;
  }

  private rejectAll(error: unknown): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }
}
