import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Usage with a bound and a fee for own keys, corrections of estimates, estimates that wait, and the mover of money for whole
 * batches. The function that applies them is in the next migration.
 */
export class LedgerBatches1763900000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(DUE);
    await runner.query(TABLES);
    await runner.query(SETTLED);
    await runner.query(POST_ALL);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const DUE = `
-- What a generation costs its customer in nano-USD, before the bound: its price, or the fee where a key of the customer's own
-- served it. div() because the quotient of two numeric is rounded when it is long.
CREATE FUNCTION due_nanos(_pico numeric, _fee_ppm int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _fee_ppm IS NULL THEN div(_pico + 999, 1000) ELSE div(_pico * _fee_ppm + 999999999, 1000000000) END $$;`;

const TABLES = `
ALTER TABLE usage
  -- Null in rows from before, when a bound was no limit of what is charged.
  ADD COLUMN bound bigint CHECK (bound >= 0),
  -- Parts per million of the price that are due when the provider key was the customer's own.
  ADD COLUMN own_key_ppm int CHECK (own_key_ppm BETWEEN 0 AND 1000000),
  DROP CONSTRAINT charged_or_lost,
  DROP CONSTRAINT rounded_once_up,
  ADD CONSTRAINT charged_or_lost CHECK (
    CASE WHEN outcome IN ('final', 'estimate') THEN charged + lost = due_nanos(cost_pico, own_key_ppm) ELSE charged = 0 AND lost = 0 END),
  ADD CONSTRAINT rounded_once_up CHECK (cost = due_nanos(cost_pico, NULL)),
  ADD CONSTRAINT never_above_the_bound CHECK (charged <= bound);

-- The real usage of a generation that was booked as an estimate: at most one, and the row of the estimate stays as it is.
CREATE TABLE usage_correction (
  generation_id text PRIMARY KEY,
  cost_pico     numeric(38, 0) NOT NULL CHECK (cost_pico >= 0),
  cost          bigint NOT NULL CHECK (cost = due_nanos(cost_pico, NULL)),
  bound         bigint NOT NULL CHECK (bound >= 0),
  own_key_ppm   int CHECK (own_key_ppm BETWEEN 0 AND 1000000),
  charged_delta bigint NOT NULL,
  lost_delta    bigint NOT NULL,
  payload       jsonb NOT NULL,
  applied_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER usage_correction_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_correction
  FOR EACH STATEMENT EXECUTE FUNCTION forbid();

-- Estimates of edges, which wait for the real usage.
CREATE TABLE usage_pending (
  generation_id text PRIMARY KEY,
  digest        text NOT NULL,
  subject       text NOT NULL,
  stream_seq    bigint NOT NULL,
  payload       jsonb NOT NULL,
  received_at   timestamptz NOT NULL,
  due_at        timestamptz NOT NULL
);
CREATE INDEX usage_pending_due ON usage_pending (due_at);

ALTER TABLE key_spend
  ADD COLUMN generations bigint NOT NULL DEFAULT 0 CHECK (generations >= 0),
  -- Generations that cost the customer nothing because nothing came of them, and what they cost the house.
  ADD COLUMN insured bigint NOT NULL DEFAULT 0 CHECK (insured >= 0),
  ADD COLUMN insured_cost numeric(38, 0) NOT NULL DEFAULT 0 CHECK (insured_cost >= 0),
  -- List price of what keys of the customer's own served.
  ADD COLUMN own_key_cost numeric(38, 0) NOT NULL DEFAULT 0 CHECK (own_key_cost >= 0);`;

const SETTLED = `
-- Usage as it stands after its correction. What the customer paid is \`charged\`.
CREATE VIEW usage_settled AS
SELECT u.generation_id, u.lease_id, u.owner_id, u.key_id,
  CASE WHEN c.generation_id IS NULL THEN u.outcome ELSE 'final' END AS outcome,
  coalesce(c.cost_pico, u.cost_pico) AS cost_pico,
  coalesce(c.cost, u.cost) AS cost,
  CASE WHEN c.generation_id IS NULL THEN u.bound ELSE c.bound END AS bound,
  CASE WHEN c.generation_id IS NULL THEN u.own_key_ppm ELSE c.own_key_ppm END AS own_key_ppm,
  u.charged + coalesce(c.charged_delta, 0) AS charged,
  u.lost + coalesce(c.lost_delta, 0) AS lost,
  coalesce(c.payload, u.payload) AS payload,
  u.applied_at, c.applied_at AS corrected_at
FROM usage u LEFT JOIN usage_correction c USING (generation_id);`;

const POST_ALL = `
-- Many transfers at once, each as \`post\` does one; answers how many moved money, for one that was there before moves none. The
-- caller has locked the accounts of users; those of leases are locked with their leases.
CREATE FUNCTION post_all(_ids uuid[], _debits bigint[], _credits bigint[], _amounts bigint[], _codes int[], _refs text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE fresh bigint;
BEGIN
  WITH made AS (
    INSERT INTO transfer (id, debit_account, credit_account, amount, code, ref)
    SELECT * FROM unnest(_ids, _debits, _credits, _amounts, _codes, _refs) ON CONFLICT (id) DO NOTHING
    RETURNING debit_account, credit_account, amount),
  movement AS (
    SELECT account, sum(debit) AS debits, sum(credit) AS credits FROM (
      SELECT debit_account AS account, amount AS debit, 0 AS credit FROM made
      UNION ALL SELECT credit_account, 0, amount FROM made) side GROUP BY account),
  moved AS (
    UPDATE account a SET debits = a.debits + m.debits, credits = a.credits + m.credits
    FROM movement m WHERE a.id = m.account AND a.tracked)
  SELECT count(*) INTO fresh FROM made;
  IF fresh < cardinality(_ids) THEN
    PERFORM 1 FROM unnest(_ids, _debits, _credits, _amounts, _codes) AS p (id, debit, credit, amount, code)
    JOIN transfer t ON t.id = p.id
    WHERE (t.debit_account, t.credit_account, t.amount, t.code::int) IS DISTINCT FROM (p.debit, p.credit, p.amount, p.code);
    IF FOUND THEN RAISE EXCEPTION 'a transfer exists with other fields' USING ERRCODE = 'SL409'; END IF;
  END IF;
  RETURN fresh;
END $$;`;
