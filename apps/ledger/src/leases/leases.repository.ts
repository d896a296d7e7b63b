import { Injectable } from '@nestjs/common';
import type { BudgetScope, CloseLease, GrantLease, ReplyOf, RequestOf, TopUpLease } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';
import { loanOf } from './loan.js';
import type { Loan, LoanRow } from './loan.js';

/** Repeats of edges from before leases could be recalled have no room and nothing returned. */
type TopUp = Omit<RequestOf<typeof TopUpLease>, 'roomNanos' | 'returnedNanos'> &
  Partial<Pick<RequestOf<typeof TopUpLease>, 'roomNanos' | 'returnedNanos'>>;

@Injectable()
export class LeasesRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** @param minLeaseNanos what counts as the smallest useful lease when money is tight; 0: money never counts as tight */
  async grant(request: RequestOf<typeof GrantLease>, ttlMs: number, minLeaseNanos = 0n): Promise<Loan> {
    const [loan] = await this.grantMany([request], ttlMs, minLeaseNanos);
    return loan!;
  }

  /** Several grants of one account in one transaction, one after another; when one is refused as invalid, all of them are. */
  async grantMany(
    requests: readonly RequestOf<typeof GrantLease>[],
    ttlMs: number,
    minLeaseNanos = 0n,
  ): Promise<readonly Loan[]> {
    const column = <Value>(of: (request: RequestOf<typeof GrantLease>) => Value) => requests.map(of);
    const rows = await this.ledger.call<LoanRow>(
      `SELECT loan.* FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[]::bigint[], $7::text[]::bigint[],
         $8::text[]::jsonb[]) WITH ORDINALITY AS q (lease, owner, key, edge, epoch, want, min, budgets, place)
       CROSS JOIN LATERAL grant_lease(q.lease, q.owner, q.key, q.edge, q.epoch, q.want, q.min, q.budgets, $9, $10) AS loan
       ORDER BY q.place`,
      [
        column(({ leaseId }) => leaseId),
        column(({ accountId }) => accountId),
        column(({ keyId }) => keyId),
        column(({ edgeId }) => edgeId),
        column(({ edgeEpoch }) => edgeEpoch),
        column(({ wantNanos }) => wantNanos.toString()),
        column(({ minNanos }) => minNanos.toString()),
        column(({ budgets }) => JSON.stringify(budgets.map(budgetRow))),
        ttlMs,
        minLeaseNanos,
      ],
    );
    return rows.map((row, index) => loanOf(requests[index]!.leaseId, row));
  }

  /** Null for a lease that is closed, unknown, another edge's, or of a day that is over. */
  async topUp(request: TopUp, minLeaseNanos = 0n): Promise<Loan | null> {
    const row = await this.ledger.one<LoanRow>('SELECT * FROM top_up_lease($1, $2, $3, $4, $5, $6, $7, $8)', [
      request.leaseId,
      request.topUpId,
      request.edgeEpoch,
      request.wantNanos,
      request.minNanos,
      request.roomNanos ?? 0n,
      request.returnedNanos ?? 0n,
      minLeaseNanos,
    ]);
    return row.outcome === 'gone' ? null : loanOf(request.leaseId, row);
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

const budgetRow = ({ scopeId, kind, interval, capNanos }: BudgetScope) => ({
  scope_id: scopeId,
  kind,
  period: interval,
  cap: capNanos.toString(),
});
