import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The mover of money, accounts and deposits. Every function that the service may call is SECURITY DEFINER with a fixed
 * search_path. Lock order everywhere: lease, user account, budgets by key, lease account, key spend.
 */
export class LedgerMoney1763800000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TIME);
    await runner.query(POST);
    await runner.query(ACCOUNTS);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const TIME = `
-- The one clock of the ledger.
CREATE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

CREATE FUNCTION utc_day(_at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT (_at AT TIME ZONE 'UTC')::date $$;

CREATE FUNCTION next_midnight(_day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT (_day + 1)::timestamp AT TIME ZONE 'UTC' $$;

CREATE FUNCTION window_start(_period text, _at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE _period
    WHEN 'daily' THEN date_trunc('day', _at, 'UTC')
    WHEN 'weekly' THEN date_trunc('week', _at, 'UTC')
    WHEN 'monthly' THEN date_trunc('month', _at, 'UTC')
    ELSE '-infinity'::timestamptz END $$;

-- Null for a budget that is never reset. Computed without time zone, so that the session's own has no say.
CREATE FUNCTION window_end(_period text, _start timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT ((_start AT TIME ZONE 'UTC') + CASE _period
    WHEN 'daily' THEN interval '1 day'
    WHEN 'weekly' THEN interval '7 days'
    WHEN 'monthly' THEN interval '1 month' END) AT TIME ZONE 'UTC' $$;`;

const POST = `
-- The only function that moves money. True when it moved some, false when the same transfer was already there.
CREATE FUNCTION post(_id uuid, _debit bigint, _credit bigint, _amount bigint, _code int, _ref text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE known transfer;
BEGIN
  INSERT INTO transfer (id, debit_account, credit_account, amount, code, ref)
  VALUES (_id, _debit, _credit, _amount, _code, _ref) ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO STRICT known FROM transfer WHERE id = _id;
    IF (known.debit_account, known.credit_account, known.amount, known.code::int) IS DISTINCT FROM (_debit, _credit, _amount, _code) THEN
      RAISE EXCEPTION 'transfer % exists with other fields', _id USING ERRCODE = 'SL409';
    END IF;
    RETURN false;
  END IF;
  UPDATE account SET debits = debits + _amount WHERE id = _debit AND tracked;
  UPDATE account SET credits = credits + _amount WHERE id = _credit AND tracked;
  RETURN true;
END $$;

CREATE FUNCTION house_account(_kind text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT account_id FROM house WHERE kind = _kind $$;`;

const ACCOUNTS = `
CREATE FUNCTION open_account(_owner uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO account (kind, owner_id) VALUES ('user', _owner) ON CONFLICT (owner_id) WHERE kind = 'user' DO NOTHING;
  RETURN FOUND;
END $$;

-- Once per (source, external id), whatever id the caller made up for it.
CREATE FUNCTION create_deposit(_id uuid, _owner uuid, _amount bigint, _source text, _external_id text, _note text)
RETURNS TABLE (deposit_id uuid, created boolean, created_at timestamptz, available bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint; known deposit; fresh boolean;
BEGIN
  SELECT a.id INTO user_id FROM account a WHERE a.kind = 'user' AND a.owner_id = _owner;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL404'; END IF;
  INSERT INTO deposit (id, owner_id, amount, source, external_id, note)
  VALUES (_id, _owner, _amount, _source, _external_id, _note) ON CONFLICT ON CONSTRAINT deposit_once DO NOTHING;
  fresh := FOUND;
  SELECT * INTO STRICT known FROM deposit d WHERE d.source = _source AND d.external_id = _external_id;
  IF (known.owner_id, known.amount) IS DISTINCT FROM (_owner, _amount) THEN
    RAISE EXCEPTION 'the deposit exists with another amount or account' USING ERRCODE = 'SL409';
  END IF;
  IF fresh THEN PERFORM post(known.id, house_account('external'), user_id, _amount, 0, known.id::text); END IF;
  RETURN QUERY SELECT known.id, fresh, known.created_at, a.credits - a.debits FROM account a WHERE a.id = user_id;
END $$;`;
