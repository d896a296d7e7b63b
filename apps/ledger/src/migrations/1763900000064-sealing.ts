import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Seals months that are over, so that the audit of every minute need not read them. */
export class LedgerSealing1763900000064 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SEAL_MONTH);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const SEAL_MONTH = `
-- Seals the first open month and answers it; null when it is not over for a day, has an open lease or a waiting estimate, or when
-- the books do not add up. Whoever has put something into the month has committed before, and whoever does so later opens it again.
CREATE FUNCTION seal_next_month() RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE sealing date := open_from(); following date := (sealing + interval '1 month')::date; ends_at timestamptz := following::timestamp AT TIME ZONE 'UTC';
  part text;
BEGIN
  IF clock() < ends_at + interval '1 day'
    OR EXISTS (SELECT 1 FROM lease WHERE opened_at < ends_at AND state <> 'closed')
    OR EXISTS (SELECT 1 FROM usage_pending WHERE generation_month(generation_id) <= sealing) THEN RETURN NULL; END IF;
  PERFORM 1 FROM seal WHERE open_from = sealing FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  FOREACH part IN ARRAY ARRAY[partition_of('transfer', sealing), partition_of('usage', sealing)] LOOP
    CONTINUE WHEN to_regclass('ledger.' || part) IS NULL;
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', part);
  END LOOP;
  IF EXISTS (SELECT 1 FROM (TABLE audit UNION ALL SELECT * FROM payments_audit()) checks WHERE count > 0) THEN RETURN NULL; END IF;
  INSERT INTO sealed_sum (month, account, credits, debits)
  SELECT sealing, m.account, sum(m.credit), sum(m.debit) FROM (
    SELECT credit_account AS account, amount AS credit, 0 AS debit FROM transfer WHERE month = sealing
    UNION ALL SELECT debit_account, 0, amount FROM transfer WHERE month = sealing) m
  LEFT JOIN lease l ON l.account_id = m.account
  WHERE l.id IS NULL OR l.opened_at >= ends_at GROUP BY m.account;
  INSERT INTO sealed_budget (month, scope_id, period, window_start, charged)
  SELECT sealing, s.scope_id, s.period, s.window_start, sum(u.charged) FROM usage_settled u JOIN lease_scope s ON s.lease_id = u.lease_id
  WHERE u.month = sealing GROUP BY s.scope_id, s.period, s.window_start;
  INSERT INTO sealed_key (month, key_id, charged)
  SELECT sealing, u.key_id, sum(u.charged) FROM usage_settled u WHERE u.month = sealing GROUP BY u.key_id;
  UPDATE seal SET open_from = following;
  RETURN sealing;
END $$;`;
