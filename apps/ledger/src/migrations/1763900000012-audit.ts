import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit with bounds, fees of own keys and corrections. */
export class LedgerAuditOfCorrections1763900000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(AUDIT);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const AUDIT = `
CREATE OR REPLACE VIEW audit AS
SELECT 'I1 debits equal credits' AS invariant, (trial_balance <> 0)::int::bigint AS count FROM totals
UNION ALL
SELECT 'I2 running totals are the sums of transfers', count(*) FROM account a LEFT JOIN account_sum s ON s.account = a.id
  WHERE a.tracked AND (a.credits, a.debits) IS DISTINCT FROM (coalesce(s.credits, 0)::bigint, coalesce(s.debits, 0)::bigint)
UNION ALL
SELECT 'I3 no user and no lease is below zero', count(*) FROM account WHERE tracked AND debits > credits
UNION ALL
SELECT 'I4 one usage, its transfers once', count(*) FROM usage u
  FULL JOIN (SELECT ref, sum(amount) FILTER (WHERE code IN (2, 3)) AS charged, sum(amount) FILTER (WHERE code = 4) AS lost
             FROM transfer WHERE code IN (2, 3, 4) GROUP BY ref) t ON t.ref = u.generation_id
  WHERE (coalesce(u.charged, 0), coalesce(u.lost, 0)) IS DISTINCT FROM (coalesce(t.charged, 0)::bigint, coalesce(t.lost, 0)::bigint)
     OR (u.generation_id IS NULL)
UNION ALL
SELECT 'I4 one correction, its transfers once', count(*) FROM usage_correction c
  FULL JOIN (SELECT t.ref, sum(CASE WHEN u.kind = 'user' THEN t.amount WHEN w.kind = 'user' THEN -t.amount ELSE 0 END) AS charged,
               sum(CASE WHEN u.kind = 'house_loss' THEN t.amount WHEN w.kind = 'house_loss' THEN -t.amount ELSE 0 END) AS lost
             FROM transfer t JOIN account u ON u.id = t.debit_account JOIN account w ON w.id = t.credit_account
             WHERE t.code = 7 GROUP BY t.ref) t ON t.ref = c.generation_id
  WHERE (coalesce(c.charged_delta, 0), coalesce(c.lost_delta, 0)) IS DISTINCT FROM (coalesce(t.charged, 0)::bigint, coalesce(t.lost, 0)::bigint)
     OR c.generation_id IS NULL
UNION ALL
SELECT 'only an estimate is corrected', count(*) FROM usage_correction c LEFT JOIN usage u USING (generation_id)
  WHERE u.outcome IS DISTINCT FROM 'estimate'
UNION ALL
SELECT 'I6 granted is captured, returned or still there', count(*) FROM lease l JOIN account a ON a.id = l.account_id
  LEFT JOIN (SELECT debit_account, sum(amount) FILTER (WHERE code = 2) AS captured, sum(amount) FILTER (WHERE code = 5) AS returned
             FROM transfer WHERE code IN (2, 5) GROUP BY debit_account) t ON t.debit_account = a.id
  WHERE l.granted <> coalesce(t.captured, 0) + coalesce(t.returned, 0) + a.credits - a.debits
     OR l.returned <> coalesce(t.returned, 0) OR l.granted <> a.credits
UNION ALL
SELECT 'I6 a closed lease is empty', count(*) FROM lease l JOIN account a ON a.id = l.account_id
  WHERE (l.state = 'closed') <> (a.closed_at IS NOT NULL) OR (l.state = 'closed' AND a.credits <> a.debits)
UNION ALL
SELECT 'I7 reserved and spent stay under the cap', count(*) FROM budget WHERE reserved + spent > ceiling
UNION ALL
SELECT 'I7 reserved is the money in open leases', count(*) FROM budget b
  LEFT JOIN (SELECT s.scope_id, s.period, s.window_start, sum(a.credits - a.debits) AS leased
             FROM lease l JOIN lease_scope s ON s.lease_id = l.id JOIN account a ON a.id = l.account_id
             WHERE l.state <> 'closed' GROUP BY 1, 2, 3) o USING (scope_id, period, window_start)
  WHERE b.reserved <> coalesce(o.leased, 0)
UNION ALL
SELECT 'I7 spent and forced are what was charged', count(*) FROM budget b
  LEFT JOIN (SELECT s.scope_id, s.period, s.window_start, sum(u.charged) AS charged
             FROM usage_settled u JOIN lease_scope s ON s.lease_id = u.lease_id GROUP BY 1, 2, 3) c USING (scope_id, period, window_start)
  WHERE b.spent + b.forced <> coalesce(c.charged, 0)
UNION ALL
SELECT 'I8 charged and lost are what was due', count(*) FROM usage_settled
  WHERE outcome IN ('final', 'estimate') AND charged + lost <> due_nanos(cost_pico, own_key_ppm)
UNION ALL
SELECT 'nobody is charged above the bound', count(*) FROM usage_settled WHERE charged > bound
UNION ALL
SELECT 'I14 insured and void cost nothing', count(*) FROM usage_settled WHERE outcome IN ('insured', 'void') AND charged + lost <> 0
UNION ALL
SELECT 'every deposit is one transfer', count(*) FROM deposit d FULL JOIN (SELECT * FROM transfer WHERE code = 0) t ON t.id = d.id
  WHERE d.amount IS DISTINCT FROM t.amount
UNION ALL
SELECT 'the spend of keys is what was charged', count(*)
  FROM (SELECT key_id, sum(charged) AS charged FROM key_spend GROUP BY key_id) k
  FULL JOIN (SELECT key_id, sum(charged) AS charged FROM usage_settled GROUP BY key_id) u USING (key_id)
  WHERE coalesce(k.charged, 0) <> coalesce(u.charged, 0);`;
