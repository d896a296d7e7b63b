import { Injectable } from '@nestjs/common';
import { GatewayError, MAX_RECALLED_LEASES } from '@switchyard/contracts';
import type { ApiKey, LeaseRecalled, PayloadOf } from '@switchyard/contracts';
import { EdgeProcess } from '../process/edge-process.js';
import { KeyCredit } from './key-credit.js';
import type { Hold, Lease } from './lease.js';
import { Lender } from './lender.js';
import { PendingUsageBook } from './pending-usage.js';
import type { UsageMessage } from './pending-usage.js';

/** A lease without a generation for this long goes back to the account. */
export const IDLE_CLOSE_MS = 15_000;

/** The ledger books within a few hundred milliseconds; one that is away must not hold up a shutdown. */
const CONFIRMED_WITHIN_MS = 2_000;

/** What one generation came to, for its hold. */
export interface Settlement {
  readonly generationId: string;
  readonly chargedNanos: bigint;
  /** Null when nothing was used, or when only the worker knows what. */
  readonly event: UsageMessage | null;
  /** Nobody has confirmed the outcome: the charge is the most it can be, until the ledger tells. */
  readonly assumed: boolean;
}

/** Credit leases of every key that is active at this edge. Admission is arithmetic in memory; the ledger is asked only when a lease is short. */
@Injectable()
export class CreditService {
  private readonly credits = new Map<string, KeyCredit>();
  readonly pending: PendingUsageBook;

  constructor(
    private readonly lender: Lender,
    private readonly edge: EdgeProcess,
  ) {
    this.pending = new PendingUsageBook(edge.clock);
  }

  /**
   * Sets the bound of a generation aside. The hold has one owner, who settles it in a `finally`.
   * @throws CreditRefused, or GatewayError `service_unavailable` when the ledger cannot be asked and no lease covers it.
   */
  async admit(key: ApiKey, boundNanos: bigint): Promise<Hold> {
    if (this.pending.full) throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
    let credit = this.credits.get(key.id);
    if (!credit) {
      credit = new KeyCredit(this.lender, this.edge, this.edge.clock);
      this.credits.set(key.id, credit);
    }
    return credit.admit(key, boundNanos);
  }

  /** Ends a hold. The charge stays on the edge's books until the ledger has applied the usage. */
  settle(hold: Hold, { generationId, chargedNanos, event, assumed }: Settlement): void {
    const charged = hold.settle(chargedNanos);
    this.credits.get(hold.lease.identity.keyId)?.spent(charged);
    if (event || assumed) this.pending.remember({ generationId, lease: hold.lease, chargedNanos: charged, event });
  }

  /** One round of keeping: renew and top up what is used, give back what is idle. Called every second. */
  async keep(): Promise<void> {
    const work: Promise<unknown>[] = [];
    for (const [keyId, credit] of this.credits) {
      const { current } = credit;
      if (current && (!current.live || (current.idleMs > IDLE_CLOSE_MS && current.heldNanos === 0n && !credit.busy)))
        credit.retire();
      for (const lease of credit.leases)
        if (lease !== credit.current && lease.heldNanos === 0n) work.push(this.giveBack(credit, lease));
      work.push(credit.refresh(), credit.renewRunning());
      if (credit.leases.length === 0 && !credit.busy) this.credits.delete(keyId);
    }
    const untold = this.leases().filter(({ returnsUntold }) => returnsUntold);
    if (untold.length > 0) work.push(this.tellReturned(null, untold.slice(0, MAX_RECALLED_LEASES)));
    await Promise.allSettled(work);
  }

  /**
   * Gives every lease back, keeping what still runs or is not applied yet: at shutdown. What is kept stays lent until the lease
   * has expired, so one that has just been charged waits a moment for the ledger to say what it has applied.
   */
  async closeAll(confirmedWithinMs = CONFIRMED_WITHIN_MS): Promise<void> {
    const work: Promise<unknown>[] = [];
    const settled = this.pending.settled(confirmedWithinMs);
    const charged = this.pending.unappliedLeases();
    for (const credit of this.credits.values()) {
      credit.retire();
      for (const lease of credit.leases) {
        const giveBack = () => this.giveBack(credit, lease);
        work.push(charged.has(lease) ? settled.then(giveBack) : giveBack());
      }
    }
    await Promise.allSettled(work);
  }

  /** Gives up what nothing is held against of these leases, for others that wait for it, and says so at once. */
  async recall({ recallId, leaseIds }: PayloadOf<typeof LeaseRecalled>): Promise<void> {
    const wanted = new Set(leaseIds);
    const leases = [...this.credits.values()].flatMap((credit) => credit.giveUp(wanted));
    await this.tellReturned(recallId, leases);
  }

  get activeLeases(): number {
    return this.leases().length;
  }

  /** The bounds of everything that runs now. */
  get heldNanos(): bigint {
    return this.leases().reduce((sum, lease) => sum + lease.heldNanos, 0n);
  }

  private leases(): Lease[] {
    return [...this.credits.values()].flatMap((credit) => credit.leases);
  }

  /** The answer to a recall, also when there is nothing to give; without one it repeats what was not heard. */
  private async tellReturned(recallId: string | null, leases: readonly Lease[]): Promise<void> {
    const { edgeId, edgeEpoch } = this.edge;
    const told = leases.map((lease) => ({
      lease,
      leaseId: lease.identity.leaseId,
      returnedNanos: lease.returnedNanos,
    }));
    await this.lender.giveBack({
      edgeId,
      edgeEpoch,
      recallId,
      leases: told.map(({ leaseId, returnedNanos }) => ({ leaseId, returnedNanos })),
    });
    for (const { lease, returnedNanos } of told) lease.confirmReturned(returnedNanos);
  }

  /** If the ledger cannot be told, its sweeper closes the lease when its time is up: nothing is lost but time. */
  private async giveBack(credit: KeyCredit, lease: Lease): Promise<void> {
    credit.forget(lease);
    const keepNanos = lease.heldNanos + this.pending.unappliedNanos(lease);
    await this.lender.close({ leaseId: lease.identity.leaseId, edgeEpoch: this.edge.edgeEpoch, keepNanos });
  }
}
