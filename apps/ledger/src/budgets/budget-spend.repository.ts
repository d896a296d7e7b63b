import { Injectable } from '@nestjs/common';
import type { BudgetSpend, GetBudgetSpend, OpenBudget, RequestOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface SpendRow {
  readonly spent: string;
  readonly reserved: string;
  readonly resets_at: Date | null;
}

@Injectable()
export class BudgetSpendRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Opens the current window of a budget; answers what its keys have spent in it. */
  async open({ scopeId, kind, interval, capNanos, keyIds }: RequestOf<typeof OpenBudget>): Promise<bigint> {
    const { spent } = await this.ledger.one<{ spent: string }>('SELECT open_budget($1, $2, $3, $4, $5) AS spent', [
      scopeId,
      kind,
      interval,
      capNanos,
      keyIds,
    ]);
    return BigInt(spent);
  }

  /** In the order asked, of the windows of this moment; nothing was spent where there is no row. */
  async spendOf(budgets: RequestOf<typeof GetBudgetSpend>['budgets']): Promise<BudgetSpend[]> {
    const rows = await this.ledger.call<SpendRow>(
      `WITH at AS MATERIALIZED (SELECT clock() AS now)
       SELECT coalesce(b.spent + b.forced, 0) AS spent, coalesce(b.reserved, 0) AS reserved,
         CASE WHEN asked.period <> 'total' THEN window_end(asked.period, window_start(asked.period, at.now)) END AS resets_at
       FROM at CROSS JOIN unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (scope_id, period, place)
         LEFT JOIN budget b ON b.scope_id = asked.scope_id AND b.period = asked.period
           AND b.window_start = window_start(asked.period, at.now)
       ORDER BY asked.place`,
      [budgets.map(({ scopeId }) => scopeId), budgets.map(({ interval }) => interval)],
    );
    return budgets.map(({ scopeId, interval }, place) => {
      const row = rows[place];
      return {
        scopeId,
        interval,
        spentNanos: BigInt(row?.spent ?? 0),
        reservedNanos: BigInt(row?.reserved ?? 0),
        resetsAt: row?.resets_at?.toISOString() ?? null,
      };
    });
  }
}
