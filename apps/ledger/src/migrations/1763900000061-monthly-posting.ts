import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The movers of money put each transfer into its month. Months that are over and settled can be sealed. */
export class LedgerMonthlyPosting1763900000061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SEAL);
    await runner.query(POST);
    await runner.query(POST_ALL);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const SEAL = `
-- Months before \`open_from\` are sealed: nothing of them is expected to change, and their sums stand in the tables below.
CREATE TABLE seal (alone boolean PRIMARY KEY DEFAULT true CHECK (alone), open_from date NOT NULL);
INSERT INTO seal (open_from) SELECT coalesce(min(month), utc_month(clock())) FROM (
  SELECT min(month) AS month FROM transfer UNION ALL SELECT min(month) FROM usage) first;

-- Of every account that may still move; leases that were opened in sealed months are closed and have no rows.
CREATE TABLE sealed_sum (
  month date NOT NULL, account bigint NOT NULL, credits numeric NOT NULL, debits numeric NOT NULL, PRIMARY KEY (month, account));
CREATE TABLE sealed_budget (
  month date NOT NULL, scope_id uuid NOT NULL, period text NOT NULL, window_start timestamptz NOT NULL, charged numeric NOT NULL,
  PRIMARY KEY (month, scope_id, period, window_start));
CREATE TABLE sealed_key (
  month date NOT NULL, key_id uuid NOT NULL, charged numeric NOT NULL, PRIMARY KEY (month, key_id));

CREATE FUNCTION open_from() RETURNS date LANGUAGE sql STABLE AS $$ SELECT open_from FROM seal $$;

-- Something came for a sealed month after all: it and all after it are open again, until they are sealed anew.
CREATE FUNCTION unseal(_month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE seal SET open_from = least(open_from, _month);
  DELETE FROM sealed_sum WHERE month >= _month;
  DELETE FROM sealed_budget WHERE month >= _month;
  DELETE FROM sealed_key WHERE month >= _month;
END $$;`;

const POST = `
CREATE OR REPLACE FUNCTION post(_id uuid, _debit bigint, _credit bigint, _amount bigint, _code int, _ref text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE known transfer; in_month date := transfer_month(_code, _ref);
BEGIN
  PERFORM open_missing_months(ARRAY[in_month]);
  INSERT INTO transfer (id, month, debit_account, credit_account, amount, code, ref)
  VALUES (_id, in_month, _debit, _credit, _amount, _code, _ref) ON CONFLICT (id, month) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO STRICT known FROM transfer WHERE id = _id AND month = in_month;
    IF (known.debit_account, known.credit_account, known.amount, known.code::int) IS DISTINCT FROM (_debit, _credit, _amount, _code) THEN
      RAISE EXCEPTION 'transfer % exists with other fields', _id USING ERRCODE = 'SL409';
    END IF;
    RETURN false;
  END IF;
  UPDATE account SET debits = debits + _amount WHERE id = _debit AND tracked;
  UPDATE account SET credits = credits + _amount WHERE id = _credit AND tracked;
  IF in_month < open_from() THEN PERFORM unseal(in_month); END IF;
  RETURN true;
END $$;`;

const POST_ALL = `
CREATE OR REPLACE FUNCTION post_all(_ids uuid[], _debits bigint[], _credits bigint[], _amounts bigint[], _codes int[], _refs text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE fresh bigint; months date[]; earliest date;
BEGIN
  SELECT array_agg(transfer_month(p.code, p.ref) ORDER BY p.ord) INTO months FROM unnest(_codes, _refs) WITH ORDINALITY AS p (code, ref, ord);
  SELECT min(month) INTO earliest FROM unnest(months) AS month;
  PERFORM open_missing_months(months);
  WITH made AS (
    INSERT INTO transfer (id, debit_account, credit_account, amount, code, ref, month)
    SELECT * FROM unnest(_ids, _debits, _credits, _amounts, _codes, _refs, months) ON CONFLICT (id, month) DO NOTHING
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
    PERFORM 1 FROM unnest(_ids, _debits, _credits, _amounts, _codes, months) AS p (id, debit, credit, amount, code, month)
    JOIN transfer t ON (t.id, t.month) = (p.id, p.month)
    WHERE (t.debit_account, t.credit_account, t.amount, t.code::int) IS DISTINCT FROM (p.debit, p.credit, p.amount, p.code);
    IF FOUND THEN RAISE EXCEPTION 'a transfer exists with other fields' USING ERRCODE = 'SL409'; END IF;
  END IF;
  IF fresh > 0 AND earliest < open_from() THEN PERFORM unseal(earliest); END IF;
  RETURN fresh;
END $$;`;
