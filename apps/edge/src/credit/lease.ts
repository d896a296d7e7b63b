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
 * never exceed what was granted and not given back: that is the edge's half of the proof that nobody overspends.
 */
export class Lease {
  private granted = 0n;
  private charged = 0n;
  private held = 0n;
  private returned = 0n;
  private toldReturned = 0n;
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
    return this.granted - this.returned - this.charged - this.held;
  }
  get heldNanos(): bigint {
    return this.held;
  }
  get grantedNanos(): bigint {
    return this.granted;
  }
  /** All that was ever given back while the lease stayed open. */
  get returnedNanos(): bigint {
    return this.returned;
  }
  /** The ledger has not confirmed yet what was given back last. */
  get returnsUntold(): boolean {
    return this.returned > this.toldReturned;
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

  /** @internal Sets more aside for a hold; false when the lease is too small, too old or retired. */
  reserveMore(nanos: bigint): boolean {
    if (!this.live || nanos > this.roomNanos) return false;
    this.held += nanos;
    this.usedAtMs = this.clock();
    return true;
  }

  /**
   * Gives up everything that nothing is held or charged against. It is gone from here at once, before the ledger is told, and
   * stays gone if the telling fails: told again it moves nothing twice.
   */
  giveUp(): void {
    this.returned += this.roomNanos;
    this.check();
  }

  /** The ledger has heard of so much. */
  confirmReturned(nanos: bigint): void {
    if (nanos > this.toldReturned) this.toldReturned = nanos;
  }

  /** @internal Called by the one hold that owns this part. */
  release(boundNanos: bigint, chargedNanos: bigint): bigint {
    this.held -= boundNanos;
    this.usedAtMs = this.clock();
    // A provider may report more than the bound; what is above it is the house's.
    const chargedHere = chargedNanos < boundNanos ? chargedNanos : boundNanos;
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
      this.held >= 0n && this.charged >= 0n && this.held + this.charged + this.returned <= this.granted,
      `lease ${this.identity.leaseId} must cover its holds: ${this.held} held, ${this.charged} charged, ${this.returned} returned, ${this.granted} granted`,
    );
  }
}

/** The bound of one running generation inside a lease. One owner settles it once, from one `finally`. */
export class Hold {
  private settled = false;
  private bound: bigint;

  constructor(
    readonly lease: Lease,
    boundNanos: bigint,
  ) {
    this.bound = boundNanos;
  }

  get boundNanos(): bigint {
    return this.bound;
  }

  /** Raises the bound from the room of the lease. False, and nothing changed, when the lease is too small, too old or retired. */
  extend(nanos: bigint): boolean {
    assert(!this.settled, `a hold of lease ${this.lease.identity.leaseId} cannot grow when it is settled`);
    if (!this.lease.reserveMore(nanos)) return false;
    this.bound += nanos;
    return true;
  }

  /** Ends the hold; what was not charged is room again. Answers what the lease was charged. Settling twice is a fault of ours. */
  settle(chargedNanos: bigint): bigint {
    assert(!this.settled, `a hold of lease ${this.lease.identity.leaseId} must be settled once`);
    this.settled = true;
    return this.lease.release(this.bound, chargedNanos);
  }
}
