import { Injectable } from '@nestjs/common';
import { MAX_RECALLED_LEASES, type FenceEdge, type RequestOf, type ReturnCredit } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';
import type { RecallTarget } from './loan.js';

/** A lease that holds money which might be given back, and who has it. */
export interface Lender {
  readonly leaseId: string;
  readonly edgeId: string;
}

interface LenderRow {
  readonly id: string;
  readonly edge_id: string;
}

@Injectable()
export class RecallsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /**
   * The leases with the most money that an edge can still give back: not those whose time is over, because an edge that lives has
   * renewed its own.
   */
  async lenders(target: RecallTarget): Promise<Lender[]> {
    const [condition, ...values] =
      target.of === 'budget' ? [OF_BUDGET, target.scopeId, target.interval] : [OF_ACCOUNT, target.account];
    const rows = await this.ledger.call<LenderRow>(
      `SELECT l.id, l.edge_id FROM lease l JOIN account a ON a.id = l.account_id
       WHERE l.state <> 'closed' AND a.credits > a.debits AND l.expires_at > clock() AND ${condition}
       ORDER BY a.credits - a.debits DESC LIMIT $1`,
      [MAX_RECALLED_LEASES, ...values],
    );
    return rows.map(({ id, edge_id }) => ({ leaseId: id, edgeId: edge_id }));
  }

  async return({ edgeEpoch, leases }: RequestOf<typeof ReturnCredit>): Promise<void> {
    await this.ledger.call('SELECT return_credit($1, $2, $3)', [
      edgeEpoch,
      leases.map(({ leaseId }) => leaseId),
      leases.map(({ returnedNanos }) => returnedNanos),
    ]);
  }

  /** @param waitMs until its leases may be closed: what the workers need to notice its death */
  async fence({ edgeId, edgeEpoch }: RequestOf<typeof FenceEdge>, graceMs: number, waitMs: number): Promise<number> {
    const { fenced } = await this.ledger.one<{ fenced: string }>('SELECT fence_edge($1, $2, $3, $4) AS fenced', [
      edgeId,
      edgeEpoch,
      graceMs,
      waitMs,
    ]);
    return Number(fenced);
  }
}

const OF_ACCOUNT = 'l.user_account = $2';
const OF_BUDGET = `l.id IN (SELECT lease_id FROM lease_scope
  WHERE scope_id = $2 AND period = $3 AND window_start = window_start($3, clock()))`;
