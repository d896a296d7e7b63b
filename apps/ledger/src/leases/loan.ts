import type { BudgetInterval, BudgetKind, GrantLease, ReplyOf } from '@switchyard/contracts';

/** Whose leases could give back what a request lacks: those of the same account, by its number, or those that count against one budget. */
export type RecallTarget =
  | { readonly of: 'account'; readonly account: string }
  | { readonly of: 'budget'; readonly scopeId: string; readonly interval: BudgetInterval };

/** What was lent, or why not; a refusal says as well who could make up for it. */
export type Loan = ReplyOf<typeof GrantLease> & { readonly recall?: RecallTarget | null };

/** A `lease_reply` of the database. */
export interface LoanRow {
  readonly outcome: 'granted' | 'refused' | 'gone';
  readonly granted: string | null;
  readonly ttl_ms: string | null;
  readonly reason:
    | 'insufficient_credits'
    | 'in_flight_budget_exhausted'
    | 'budget_exhausted'
    | 'unknown_account'
    | null;
  readonly available: string | null;
  readonly scope_id: string | null;
  readonly resets_at: Date | null;
  readonly scope_kind: BudgetKind | null;
  readonly period: BudgetInterval | null;
  readonly cap: string | null;
  readonly spent: string | null;
  readonly recallable: boolean | null;
  readonly user_account: string | null;
}

export function loanOf(leaseId: string, row: LoanRow): Loan {
  if (row.outcome === 'granted')
    return { outcome: 'granted', leaseId, grantedNanos: BigInt(row.granted ?? 0), ttlMs: Number(row.ttl_ms) };
  return {
    outcome: 'refused',
    reason: row.reason ?? 'insufficient_credits',
    availableNanos: BigInt(row.available ?? 0),
    scopeId: row.scope_id,
    resetsAt: row.resets_at?.toISOString() ?? null,
    scopeKind: row.scope_kind,
    interval: row.period,
    capNanos: row.cap === null ? null : BigInt(row.cap),
    spentNanos: row.spent === null ? null : BigInt(row.spent),
    recall: recallOf(row),
  };
}

function recallOf({ recallable, scope_id, period, user_account }: LoanRow): RecallTarget | null {
  if (recallable !== true) return null;
  if (scope_id !== null && period !== null) return { of: 'budget', scopeId: scope_id, interval: period };
  return user_account === null ? null : { of: 'account', account: user_account };
}
