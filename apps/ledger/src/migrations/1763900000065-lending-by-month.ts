import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rewriteFunction } from './rewrite.js';

/** Lending looks for a top-up in the month of its lease alone, and spends nothing on budgets where there are none. */
export class LedgerLendingByMonth1763900000065 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await rewriteFunction(runner, 'top_up_lease', [
      ['FROM transfer WHERE id = _top_up', 'FROM transfer WHERE id = _top_up AND month = utc_month(l.opened_at)'],
    ]);
    await runner.query(RESERVE);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const RESERVE = `
CREATE OR REPLACE FUNCTION reserve(_scopes scope_window[], _amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(_scopes) = 0 THEN RETURN; END IF;
  UPDATE budget SET reserved = reserved + _amount FROM unnest(_scopes) s
  WHERE budget.scope_id = s.scope_id AND budget.period = s.period AND budget.window_start = s.window_start;
END $$;`;
