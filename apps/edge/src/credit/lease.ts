import { strict as assert } from 'node:assert';
import type { Clock } from './clock.js';

export interface LeaseIdentity {
  readonly leaseId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** Version of the key when the lease was asked for: a changed key gets a new lease with its new caps. */
  readonly keyVersion: number;
}

/**
 * Money of an account that the ledger has lent to this edge for one key. All amounts are nano-USD. Holds and charges together
 * never exceed what was granted: that is the edge's half of the proof that nobody overspends.
 */
export class Lease {
  private granted = 0n;
  private charged = 0n;
  private held = 0n;
  private deadlineMs = 0;
  private grantedForMs = 0;
  private usedAtMs: number;
  private retired = false;

  constructor(
    readonly identity: LeaseIdentity,
    private readonly clock: Clock,
  ) {
    this.usedAtMs = clock();
  }

  get roomNanos(): bigint {
    return this.granted - this.charged - this.held;
  }
  get heldNanos(): bigint {
    return this.held;
  }
  get grantedNanos(): bigint {
    return this.granted;
  }
  get chargedNanos(): bigint {
    return this.charged;
  }
  get idleMs(): number {
    return this.clock() - this.usedAtMs;
  }
  get live(): boolean {
    return !this.retired && this.clock() < this.deadlineMs;
  }
  /** Half of the lifetime is gone: time to renew, with a second half for failures. */
  get shouldRenew(): boolean {
    return this.deadlineMs - this.clock() < this.grantedForMs / 2;
  }

  /**
   * Takes over what a grant or a top-up answered. `grantedNanos` is the sum of all that was ever lent, so a late reply changes
   * nothing. The lifetime counts from the question, not from the answer: a process that was frozen in between must not admit
   * against a lease that the ledger has closed.
   */
  raise(state: { readonly grantedNanos: bigint; readonly ttlMs: number }, askedAtMs: number): void {
    if (state.grantedNanos > this.granted) this.granted = state.grantedNanos;
    this.deadlineMs = Math.max(this.deadlineMs, askedAtMs + state.ttlMs);
    this.grantedForMs = state.ttlMs;
  }

  /** Nothing is admitted any more; what runs goes on. */
  retire(): void {
    this.retired = true;
  }

  /** Sets the bound of a generation aside, or answers null when the lease is too small, too old or retired. No I/O. */
  admit(boundNanos: bigint): Hold | null {
    if (!this.live || boundNanos > this.roomNanos) return null;
    this.held += boundNanos;
    this.usedAtMs = this.clock();
    return new Hold(this, boundNanos);
  }

  /** @internal Called by the one hold that owns this part. */
  release(boundNanos: bigint, chargedNanos: bigint): bigint {
    this.held -= boundNanos;
    this.usedAtMs = this.clock();
    // A provider may report more than the bound. The ledger takes the rest from the account; here it may at most use up the room.
    const chargedHere = chargedNanos < this.roomNanos ? chargedNanos : this.roomNanos;
    this.charged += chargedHere;
    this.check();
    return chargedHere;
  }

  /** The ledger charged less than was assumed: the difference is room again. */
  credit(nanos: bigint): void {
    this.charged -= nanos < this.charged ? nanos : this.charged;
    this.check();
  }

  private check(): void {
    assert(
      this.held >= 0n && this.charged >= 0n && this.held + this.charged <= this.granted,
      `lease ${this.identity.leaseId} must cover its holds: ${this.held} held, ${this.charged} charged, ${this.granted} granted`,
    );
  }
}

/** The bound of one running generation inside a lease. One owner settles it once, from one `finally`. */
export class Hold {
  private settled = false;

  constructor(
    readonly lease: Lease,
    readonly boundNanos: bigint,
  ) {}

  /** Ends the hold; what was not charged is room again. Answers what the lease was charged. Settling twice is a fault of ours. */
  settle(chargedNanos: bigint): bigint {
    assert(!this.settled, `a hold of lease ${this.lease.identity.leaseId} must be settled once`);
    this.settled = true;
    return this.lease.release(this.boundNanos, chargedNanos);
  }
}
