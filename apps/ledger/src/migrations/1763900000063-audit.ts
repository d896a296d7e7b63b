import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Two audits of the same rules: \`audit\` reads the open months and the sums of the sealed ones, \`audit_full\` derives everything
 * again from the first transfer on.
 */
export class LedgerAuditOfMonths1763900000063 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SETTLED);
    await runner.query(SUMS);
    await runner.query(TOTALS);
    await runner.query(auditView('audit', OPEN));
    await runner.query(auditView('audit_full', EVERYTHING));
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const SETTLED = `
CREATE INDEX transfer_of_payments ON transfer (code) WHERE code NOT IN (1, 2, 3, 4, 5, 7);

CREATE OR REPLACE VIEW usage_settled AS
SELECT u.generation_id, u.lease_id, u.owner_id, u.key_id,
  CASE WHEN c.generation_id IS NULL THEN u.outcome ELSE 'final' END AS outcome,
  coalesce(c.cost_pico, u.cost_pico) AS cost_pico,
  coalesce(c.cost, u.cost) AS cost,
  CASE WHEN c.generation_id IS NULL THEN u.bound ELSE c.bound END AS bound,
  CASE WHEN c.generation_id IS NULL THEN u.own_key_ppm ELSE c.own_key_ppm END AS own_key_ppm,
  u.charged + coalesce(c.charged_delta, 0) AS charged,
  u.lost + coalesce(c.lost_delta, 0) AS lost,
  coalesce(c.payload, u.payload) AS payload,
  u.applied_at, c.applied_at AS corrected_at, u.month
FROM usage u LEFT JOIN usage_correction c USING (generation_id);

CREATE FUNCTION open_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT open_from()::timestamp AT TIME ZONE 'UTC' $$;`;

const movements = (transfers: string): string => `
  SELECT credit_account AS account, amount::numeric AS credit, 0::numeric AS debit FROM ${transfers}
  UNION ALL SELECT debit_account, 0, amount FROM ${transfers}`;

const SUMS = `
CREATE OR REPLACE VIEW account_sum AS
SELECT account, sum(credit) AS credits, sum(debit) AS debits FROM (
  ${movements('transfer WHERE month >= (SELECT open_from())')}
  UNION ALL SELECT account, credits, debits FROM sealed_sum) movement GROUP BY account;

CREATE VIEW account_sum_full AS
SELECT account, sum(credit) AS credits, sum(debit) AS debits FROM (${movements('transfer')}) movement GROUP BY account;`;

const TOTALS = `
CREATE OR REPLACE VIEW totals AS
WITH house_sum AS (
  SELECT h.kind, coalesce(s.credits, 0) AS credits, coalesce(s.debits, 0) AS debits
  FROM house h LEFT JOIN account_sum s ON s.account = h.account_id),
held AS (
  -- A closed lease is empty: its constraint says so.
  SELECT (SELECT coalesce(sum(a.credits - a.debits), 0) FROM account a WHERE a.kind = 'user') AS available,
    (SELECT coalesce(sum(a.credits - a.debits), 0) FROM lease l JOIN account a ON a.id = l.account_id WHERE l.state <> 'closed') AS leased)
SELECT
  coalesce(sum(h.debits - h.credits) FILTER (WHERE h.kind = 'external'), 0) AS deposited,
  held.available, held.leased,
  coalesce(sum(h.credits - h.debits) FILTER (WHERE h.kind = 'revenue'), 0) AS revenue,
  coalesce(sum(h.debits - h.credits) FILTER (WHERE h.kind = 'house_loss'), 0) AS house_loss,
  -- Running totals where there are some, sums elsewhere: zero only if both tell the same story.
  coalesce(sum(h.credits - h.debits), 0) + held.available + held.leased AS trial_balance
FROM house_sum h CROSS JOIN held GROUP BY held.available, held.leased;`;

/** What one of the audits reads. */
interface Scope {
  readonly transfers: string;
  readonly usage: string;
  readonly settled: string;
  readonly corrections: string;
  readonly deposits: string;
  readonly leases: string;
  readonly budgets: string;
  readonly sums: string;
  readonly trialBalance: string;
  /** Accounts with running totals. */
  readonly tracked: string;
  readonly sealedBudgets: string;
  readonly sealedKeys: string;
  readonly more: string;
}

// The moment is asked for in a subquery, or it would be asked for again at each row.
const OPEN: Scope = {
  transfers: '(SELECT * FROM transfer WHERE month >= (SELECT open_from()))',
  usage: '(SELECT * FROM usage WHERE month >= (SELECT open_from()))',
  settled: '(SELECT * FROM usage_settled WHERE month >= (SELECT open_from()))',
  corrections: '(SELECT * FROM usage_correction WHERE generation_month(generation_id) >= (SELECT open_from()))',
  deposits: '(SELECT * FROM deposit WHERE created_at >= (SELECT open_since()))',
  leases: '(SELECT * FROM lease WHERE opened_at >= (SELECT open_since()))',
  // The windows that are over can only be charged by usage that opens their month again.
  budgets: `(SELECT * FROM budget WHERE period = 'total' OR window_end(period, window_start) > (SELECT open_since()))`,
  sums: 'account_sum',
  trialBalance: 'SELECT trial_balance FROM totals',
  tracked: `(SELECT * FROM account WHERE kind = 'user'
    UNION ALL SELECT a.* FROM lease l JOIN account a ON a.id = l.account_id WHERE l.opened_at >= (SELECT open_since()))`,
  sealedBudgets: 'UNION ALL SELECT scope_id, period, window_start, charged FROM sealed_budget',
  sealedKeys: 'UNION ALL SELECT key_id, charged FROM sealed_key',
  more: '',
};

const EVERYTHING: Scope = {
  transfers: 'transfer',
  usage: 'usage',
  settled: 'usage_settled',
  corrections: 'usage_correction',
  deposits: 'deposit',
  leases: 'lease',
  budgets: 'budget',
  sums: 'account_sum_full',
  trialBalance: `SELECT coalesce(sum(CASE WHEN a.tracked THEN a.credits - a.debits ELSE coalesce(s.credits - s.debits, 0) END), 0) AS trial_balance
    FROM account a LEFT JOIN sums s ON s.account = a.id`,
  tracked: '(SELECT * FROM account WHERE tracked)',
  sealedBudgets: '',
  sealedKeys: '',
  more: `
UNION ALL
SELECT 'every usage has its lease', count(*) FROM usage u LEFT JOIN lease l ON l.id = u.lease_id WHERE l.id IS NULL
UNION ALL
SELECT 'every transfer is between two accounts', count(*) FROM transfer t
  LEFT JOIN account d ON d.id = t.debit_account LEFT JOIN account c ON c.id = t.credit_account WHERE d.id IS NULL OR c.id IS NULL
UNION ALL
SELECT 'a lease is moved by grants, captures and returns alone', count(*) FROM transfer t
  JOIN account a ON a.id IN (t.debit_account, t.credit_account) AND a.kind = 'lease'
  WHERE t.code <> CASE WHEN a.id = t.credit_account THEN 1 ELSE CASE WHEN t.code = 5 THEN 5 ELSE 2 END END
UNION ALL
SELECT 'a transfer stands in the month of what it belongs to', count(*) FROM transfer WHERE month <> transfer_month(code, ref)
UNION ALL
SELECT 'sealed sums are what the sealed months say', count(*) FROM sealed_sum s
  LEFT JOIN (SELECT month, account, sum(credit) AS credits, sum(debit) AS debits FROM (
    SELECT month, credit_account AS account, amount AS credit, 0 AS debit FROM transfer WHERE month < (SELECT open_from())
    UNION ALL SELECT month, debit_account, 0, amount FROM transfer WHERE month < (SELECT open_from())) m GROUP BY month, account) t
  USING (month, account) WHERE (s.credits, s.debits) IS DISTINCT FROM (t.credits, t.debits)`,
};

const auditView = (name: string, of: Scope): string => `
CREATE OR REPLACE VIEW ${name} AS
WITH sums AS MATERIALIZED (SELECT * FROM ${of.sums})
SELECT 'I1 debits equal credits' AS invariant, (trial_balance <> 0)::int::bigint AS count FROM (${of.trialBalance}) t
UNION ALL
SELECT 'I2 running totals are the sums of transfers', count(*) FROM ${of.tracked} a LEFT JOIN sums s ON s.account = a.id
  WHERE (a.credits, a.debits) IS DISTINCT FROM (coalesce(s.credits, 0)::bigint, coalesce(s.debits, 0)::bigint)
UNION ALL
SELECT 'I3 no user and no lease is below zero', count(*) FROM ${of.tracked} a WHERE debits > credits
UNION ALL
SELECT 'I4 one usage, its transfers once', count(*) FROM ${of.usage} u
  FULL JOIN (SELECT ref, sum(amount) FILTER (WHERE code IN (2, 3)) AS charged, sum(amount) FILTER (WHERE code = 4) AS lost
             FROM ${of.transfers} x WHERE code IN (2, 3, 4) GROUP BY ref) t ON t.ref = u.generation_id
  WHERE (coalesce(u.charged, 0), coalesce(u.lost, 0)) IS DISTINCT FROM (coalesce(t.charged, 0)::bigint, coalesce(t.lost, 0)::bigint)
     OR (u.generation_id IS NULL)
UNION ALL
SELECT 'I4 one correction, its transfers once', count(*) FROM ${of.corrections} c
  FULL JOIN (SELECT t.ref, sum(CASE WHEN u.kind = 'user' THEN t.amount WHEN w.kind = 'user' THEN -t.amount ELSE 0 END) AS charged,
               sum(CASE WHEN u.kind = 'house_loss' THEN t.amount WHEN w.kind = 'house_loss' THEN -t.amount ELSE 0 END) AS lost
             FROM ${of.transfers} t JOIN account u ON u.id = t.debit_account JOIN account w ON w.id = t.credit_account
             WHERE t.code = 7 GROUP BY t.ref) t ON t.ref = c.generation_id
  WHERE (coalesce(c.charged_delta, 0), coalesce(c.lost_delta, 0)) IS DISTINCT FROM (coalesce(t.charged, 0)::bigint, coalesce(t.lost, 0)::bigint)
     OR c.generation_id IS NULL
UNION ALL
SELECT 'only an estimate is corrected', count(*) FROM ${of.corrections} c LEFT JOIN ${of.usage} u USING (generation_id)
  WHERE u.outcome IS DISTINCT FROM 'estimate'
UNION ALL
SELECT 'I6 granted is captured, returned or still there', count(*) FROM ${of.leases} l JOIN account a ON a.id = l.account_id
  LEFT JOIN sums s ON s.account = a.id
  LEFT JOIN (SELECT debit_account, sum(amount) AS returned FROM ${of.transfers} x WHERE code = 5 GROUP BY debit_account) r
    ON r.debit_account = a.id
  WHERE l.granted <> coalesce(s.debits, 0) + a.credits - a.debits OR l.returned <> coalesce(r.returned, 0) OR l.granted <> a.credits
UNION ALL
SELECT 'I6 a closed lease is empty', count(*) FROM ${of.leases} l JOIN account a ON a.id = l.account_id
  WHERE (l.state = 'closed') <> (a.closed_at IS NOT NULL) OR (l.state = 'closed' AND a.credits <> a.debits)
UNION ALL
SELECT 'I7 reserved and spent stay under the cap', count(*) FROM ${of.budgets} b WHERE reserved + spent > ceiling
UNION ALL
SELECT 'I7 reserved is the money in open leases', count(*) FROM budget b
  LEFT JOIN (SELECT s.scope_id, s.period, s.window_start, sum(a.credits - a.debits) AS leased
             FROM lease l JOIN lease_scope s ON s.lease_id = l.id JOIN account a ON a.id = l.account_id
             WHERE l.state <> 'closed' GROUP BY 1, 2, 3) o USING (scope_id, period, window_start)
  WHERE b.reserved <> coalesce(o.leased, 0)
UNION ALL
SELECT 'I7 spent and forced are what was charged', count(*) FROM ${of.budgets} b
  LEFT JOIN (SELECT scope_id, period, window_start, sum(charged) AS charged FROM (
               SELECT s.scope_id, s.period, s.window_start, u.charged FROM ${of.settled} u JOIN lease_scope s ON s.lease_id = u.lease_id
               ${of.sealedBudgets}) part GROUP BY 1, 2, 3) c USING (scope_id, period, window_start)
  WHERE b.spent + b.forced - b.carried <> coalesce(c.charged, 0)
UNION ALL
SELECT 'I8 charged and lost are what was due', count(*) FROM ${of.settled} u
  WHERE outcome IN ('final', 'estimate') AND charged + lost <> due_nanos(cost_pico, own_key_ppm)
UNION ALL
SELECT 'nobody is charged above the bound', count(*) FROM ${of.settled} u WHERE charged > bound
UNION ALL
SELECT 'I14 insured and void cost nothing', count(*) FROM ${of.settled} u WHERE outcome IN ('insured', 'void') AND charged + lost <> 0
UNION ALL
SELECT 'every deposit is one transfer', count(*) FROM ${of.deposits} d
  FULL JOIN (SELECT * FROM ${of.transfers} x WHERE code = 0) t ON t.id = d.id
  WHERE d.amount IS DISTINCT FROM t.amount
UNION ALL
SELECT 'the spend of keys is what was charged', count(*)
  FROM (SELECT key_id, sum(charged) AS charged FROM key_spend GROUP BY key_id) k
  FULL JOIN (SELECT key_id, sum(charged) AS charged FROM (SELECT key_id, charged FROM ${of.settled} u ${of.sealedKeys}) part GROUP BY key_id) u
  USING (key_id)
  WHERE coalesce(k.charged, 0) <> coalesce(u.charged, 0)${of.more};`;
