import { Injectable } from '@nestjs/common';
import type { CloseLease, GrantLease, ReplyOf, RequestOf, TopUpLease } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface LeaseRow {
  readonly outcome: 'granted' | 'refused' | 'gone';
  readonly granted: string | null;
  readonly ttl_ms: string | null;
  readonly reason: 'insufficient_credits' | 'budget_exhausted' | 'unknown_account' | null;
  readonly available: string | null;
  readonly scope_id: string | null;
  readonly resets_at: Date | null;
}

@Injectable()
export class LeasesRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  async grant(request: RequestOf<typeof GrantLease>, ttlMs: number): Promise<ReplyOf<typeof GrantLease>> {
    const budgets = request.budgets.map(({ scopeId, interval, capNanos }) => ({
      scope_id: scopeId,
      period: interval,
      cap: capNanos.toString(),
    }));
    const row = await this.ledger.one<LeaseRow>('SELECT * FROM grant_lease($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
      request.leaseId,
      request.accountId,
      request.keyId,
      request.edgeId,
      request.edgeEpoch,
      request.wantNanos,
      request.minNanos,
      JSON.stringify(budgets),
      ttlMs,
    ]);
    return leaseReply(request.leaseId, row);
  }

  /** Null for a lease that is closed, unknown, another edge's, or of a day that is over. */
  async topUp(request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease> | null> {
    const row = await this.ledger.one<LeaseRow>('SELECT * FROM top_up_lease($1, $2, $3, $4, $5)', [
      request.leaseId,
      request.topUpId,
      request.edgeEpoch,
      request.wantNanos,
      request.minNanos,
    ]);
    return row.outcome === 'gone' ? null : leaseReply(request.leaseId, row);
  }

  /** Null when this edge has no such lease. */
  async close(request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease> | null> {
    const [row] = await this.ledger.call<{ state: 'draining' | 'closed'; returned: string }>(
      'SELECT * FROM close_lease($1, $2, $3)',
      [request.leaseId, request.edgeEpoch, request.keepNanos],
    );
    return row ? { state: row.state, returnedNanos: BigInt(row.returned) } : null;
  }

  /** Leases whose time and grace are over, or that drained to nothing; the oldest first. */
  async due(graceMs: number, limit: number): Promise<readonly string[]> {
    const found = await this.ledger.call<{ id: string }>(
      `SELECT l.id FROM lease l JOIN account a ON a.id = l.account_id
       WHERE l.state <> 'closed' AND (l.expires_at + $1 * interval '1 millisecond' <= clock()
         OR (l.state = 'draining' AND a.credits = a.debits))
       ORDER BY l.expires_at LIMIT $2`,
      [graceMs, limit],
    );
    return found.map(({ id }) => id);
  }

  /** False when it is not due any more, or another process has it in hand. */
  async expire(leaseId: string, graceMs: number): Promise<boolean> {
    const { expired } = await this.ledger.one<{ expired: boolean }>('SELECT expire_lease($1, $2) AS expired', [
      leaseId,
      graceMs,
    ]);
    return expired;
  }
}

function leaseReply(leaseId: string, row: LeaseRow): ReplyOf<typeof GrantLease> {
  if (row.outcome === 'granted')
    return { outcome: 'granted', leaseId, grantedNanos: BigInt(row.granted ?? 0), ttlMs: Number(row.ttl_ms) };
  return {
    outcome: 'refused',
    reason: row.reason ?? 'insufficient_credits',
    availableNanos: BigInt(row.available ?? 0),
    scopeId: row.scope_id,
    resetsAt: row.resets_at?.toISOString() ?? null,
    scopeKind: null,
    interval: null,
    capNanos: null,
    spentNanos: null,
  };
}
