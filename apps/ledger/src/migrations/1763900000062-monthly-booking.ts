import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rewriteFunction } from './rewrite.js';

/**
 * Usage and records of generations are put into the month of their id, and looked for there alone. Bodies stay as the migrations
 * before wrote them, but for the places that name a month.
 */
export class LedgerMonthlyBooking1763900000062 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await rewriteFunction(runner, 'book_usage', [
      [
        'INSERT INTO usage (generation_id,',
        `PERFORM open_missing_months(ARRAY(SELECT generation_month(x.generation_id) FROM unnest(_lines) x WHERE x.status = 'applied'));
  INSERT INTO usage (month, generation_id,`,
      ],
      ['SELECT x.generation_id, x.lease_id,', 'SELECT generation_month(x.generation_id), x.generation_id, x.lease_id,'],
      ['ON CONFLICT (generation_id) DO', 'ON CONFLICT (generation_id, month) DO'],
    ]);
    await rewriteFunction(runner, 'lock_for_usage', [['WHERE u.generation_id = e.generation_id', inMonthOf('u', 'e')]]);
    await rewriteFunction(runner, 'split_usage', [['WHERE k.generation_id = e.generation_id', inMonthOf('k', 'e')]]);
    await rewriteFunction(runner, 'defer_usage', [['WHERE u.generation_id = e.generation_id', inMonthOf('u', 'e')]]);
    await runner.query(RECORDS);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const inMonthOf = (usage: string, event: string): string =>
  `WHERE ${usage}.generation_id = ${event}.generation_id AND ${usage}.month = generation_month(${event}.generation_id)`;

const RECORDS = `
-- The last record of a generation wins; a record of another account never replaces one.
CREATE OR REPLACE FUNCTION record_generations(_ids text[], _owners uuid[], _keys uuid[], _created timestamptz[], _records jsonb[])
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT open_missing_months(ARRAY(SELECT generation_month(id) FROM unnest(_ids) AS id));
  WITH stored AS (
    INSERT INTO generation AS g (id, owner_id, key_id, created_at, record, month)
    SELECT r.*, generation_month(r.id)
    FROM unnest(_ids, _owners, _keys, _created, _records) AS r (id, owner_id, key_id, created_at, record) ORDER BY r.id
    ON CONFLICT (id, month) DO UPDATE SET record = excluded.record, received_at = clock_timestamp() WHERE g.owner_id = excluded.owner_id
    RETURNING 1
  ) SELECT count(*) FROM stored $$;`;
