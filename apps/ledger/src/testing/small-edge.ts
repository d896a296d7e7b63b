import type { Bus } from '@switchyard/bus';
import {
  GrantLease,
  LeaseRecalled,
  ReturnCredit,
  TopUpLease,
  type BudgetScope,
  type ReplyOf,
} from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { grantRequest } from './builders.js';

interface Lease {
  readonly leaseId: string;
  granted: bigint;
  held: bigint;
  returned: bigint;
}

/** An edge as the ledger sees one: borrows, holds, and answers recalls with what it holds nothing against. */
export class SmallEdge {
  readonly edgeId = `edge-${randomUUID()}`;
  readonly edgeEpoch = randomUUID();
  readonly leases = new Map<string, Lease>();
  recalls = 0;
  answers = true;

  constructor(private readonly bus: Bus) {
    bus.subscriber.subscribe(LeaseRecalled, ({ recallId, leaseIds }) => this.giveBack(recallId, leaseIds), {
      suffix: this.edgeId,
    });
  }

  /** Borrows for one request and holds all of it for that, or none. Answers the id of the lease and what the ledger said. */
  async borrow(
    accountId: string,
    minNanos: bigint,
    { hold = true, budgets = [] }: { hold?: boolean; budgets?: readonly BudgetScope[] } = {},
  ): Promise<{ leaseId: string; reply: ReplyOf<typeof GrantLease> }> {
    const { edgeId, edgeEpoch } = this;
    const request = grantRequest({
      accountId,
      edgeId,
      edgeEpoch,
      minNanos,
      wantNanos: minNanos,
      budgets: [...budgets],
    });
    const reply = await this.bus.rpc.call(GrantLease, request);
    const { leaseId } = request;
    if (reply.outcome === 'granted')
      this.leases.set(leaseId, { leaseId, granted: reply.grantedNanos, held: hold ? minNanos : 0n, returned: 0n });
    return { leaseId, reply };
  }

  /**
   * Asks for what an open lease lacks for one request, and holds it. True when the request can run. As an edge does, it asks again when
   * its own room went to another one, by a recall, while the answer was under way.
   */
  async extend(leaseId: string, needNanos: bigint): Promise<boolean> {
    const lease = this.leases.get(leaseId)!;
    const roomOf = () => lease.granted - lease.held - lease.returned;
    while (roomOf() < needNanos) {
      const { returned } = lease;
      const room = roomOf();
      const reply = await this.bus.rpc.call(TopUpLease, {
        leaseId,
        topUpId: randomUUID(),
        edgeEpoch: this.edgeEpoch,
        wantNanos: needNanos - room,
        minNanos: needNanos - room,
        roomNanos: room,
        returnedNanos: returned,
      });
      if (reply.outcome === 'refused') return false;
      lease.granted = reply.grantedNanos;
      if (roomOf() < needNanos && lease.returned === returned) throw new Error('the ledger lent too little');
    }
    lease.held += needNanos;
    return true;
  }

  private async giveBack(recallId: string, leaseIds: readonly string[]): Promise<void> {
    this.recalls += 1;
    if (!this.answers) return;
    const mine = [...this.leases.values()].filter(({ leaseId }) => leaseIds.includes(leaseId));
    for (const lease of mine) lease.returned = lease.granted - lease.held;
    const { edgeId, edgeEpoch } = this;
    const leases = mine.map(({ leaseId, returned }) => ({ leaseId, returnedNanos: returned }));
    await this.bus.rpc.call(ReturnCredit, { edgeId, edgeEpoch, recallId, leases });
  }
}
