import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits of free models, and key limits that count what was spent in the window before they were set. */
export class LedgerQuota1763900000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(USED);
    await runner.query(TAKE);
    await runner.query(RETURN);
    await runner.query(COUNTED_BEFORE);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const TABLES = `
-- One row per account, for the minute and the day in which it last asked. Windows only go forward, whatever the clock does.
CREATE TABLE free_quota (
  owner_id     uuid PRIMARY KEY,
  minute_start timestamptz NOT NULL,
  minute_used  bigint NOT NULL CHECK (minute_used >= 0),
  day_start    timestamptz NOT NULL,
  day_used     bigint NOT NULL CHECK (day_used >= 0)
) WITH (fillfactor = 70);

-- What edges were handed; the rows of a day go when the account first asks on a later one.
CREATE TABLE free_tranche (
  id           uuid PRIMARY KEY,
  owner_id     uuid NOT NULL,
  minute_start timestamptz NOT NULL,
  day_start    timestamptz NOT NULL,
  granted      bigint NOT NULL CHECK (granted >= 0),
  returned     bigint CHECK (returned BETWEEN 0 AND granted)
);
CREATE INDEX free_tranche_of_owner ON free_tranche (owner_id, day_start);

CREATE TYPE free_reply AS (granted bigint, valid_ms bigint, limited_by text);`;

const USED = `
-- What an account ever bought: what came back later was bought all the same, a gift was not.
CREATE FUNCTION ever_bought(_owner uuid) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(d.amount), 0) FROM deposit d
  WHERE d.owner_id = _owner AND d.kind IN ('manual', 'purchase') $$;

-- The row of the account with the windows of this moment, locked.
CREATE FUNCTION free_quota_now(_owner uuid, _at timestamptz) RETURNS free_quota LANGUAGE plpgsql AS $$
DECLARE q free_quota; minute timestamptz := date_trunc('minute', _at, 'UTC'); today timestamptz := date_trunc('day', _at, 'UTC');
BEGIN
  INSERT INTO free_quota VALUES (_owner, minute, 0, today, 0) ON CONFLICT (owner_id) DO NOTHING;
  SELECT * INTO STRICT q FROM free_quota WHERE owner_id = _owner FOR NO KEY UPDATE;
  IF minute > q.minute_start THEN q.minute_start := minute; q.minute_used := 0; END IF;
  IF today > q.day_start THEN
    q.day_start := today; q.day_used := 0;
    DELETE FROM free_tranche WHERE owner_id = _owner AND day_start < today;
  END IF;
  RETURN q;
END $$;`;

const TAKE = `
-- Hands out the right to start free requests: few when few are left, so that nothing lies idle at one edge that another lacks.
-- A limit of 0 is none. The same tranche again answers what it was, as far as it is still valid.
CREATE FUNCTION take_free(_tranche uuid, _owner uuid, _want int, _per_minute int, _per_day int, _per_day_bought int, _threshold bigint)
RETURNS free_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE q free_quota; known free_tranche; reply free_reply; day_limit int; left_minute bigint; left_day bigint; now_at timestamptz;
BEGIN
  PERFORM 1 FROM account a WHERE a.kind = 'user' AND a.owner_id = _owner;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL404'; END IF;
  -- The time is read again once the row is had: whoever waited for it may have waited into the next minute.
  PERFORM free_quota_now(_owner, clock());
  now_at := clock();
  q := free_quota_now(_owner, now_at);
  reply.valid_ms := greatest(0, floor(extract(epoch FROM q.minute_start + interval '1 minute' - now_at) * 1000));
  SELECT * INTO known FROM free_tranche WHERE id = _tranche;
  IF FOUND THEN
    IF known.owner_id <> _owner THEN RAISE EXCEPTION 'the tranche is of another account' USING ERRCODE = 'SL409'; END IF;
    reply.granted := CASE WHEN known.minute_start = q.minute_start AND known.returned IS NULL THEN known.granted ELSE 0 END;
    RETURN reply;
  END IF;
  day_limit := CASE WHEN ever_bought(_owner) >= _threshold THEN _per_day_bought ELSE _per_day END;
  left_minute := CASE WHEN _per_minute > 0 THEN greatest(_per_minute - q.minute_used, 0) END;
  left_day := CASE WHEN day_limit > 0 THEN greatest(day_limit - q.day_used, 0) END;
  reply.limited_by := CASE WHEN left_day = 0 THEN 'day' WHEN left_minute = 0 THEN 'minute' END;
  reply.granted := CASE WHEN reply.limited_by IS NOT NULL THEN 0
    ELSE least(_want, greatest(1, coalesce(least(left_minute, left_day), 4 * _want) / 4)) END;
  UPDATE free_quota SET minute_start = q.minute_start, minute_used = q.minute_used + reply.granted,
    day_start = q.day_start, day_used = q.day_used + reply.granted WHERE owner_id = _owner;
  IF reply.granted > 0 THEN
    INSERT INTO free_tranche (id, owner_id, minute_start, day_start, granted)
    VALUES (_tranche, _owner, q.minute_start, q.day_start, reply.granted);
  END IF;
  RETURN reply;
END $$;`;

const RETURN = `
-- Gives back what was not used of a tranche, once. Answers how much that was.
CREATE FUNCTION return_free(_tranche uuid, _unused bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE t free_tranche; owner uuid; back bigint;
BEGIN
  SELECT owner_id INTO owner FROM free_tranche WHERE id = _tranche;
  IF NOT FOUND THEN RETURN 0; END IF;
  PERFORM 1 FROM free_quota WHERE owner_id = owner FOR NO KEY UPDATE;
  SELECT * INTO t FROM free_tranche WHERE id = _tranche;
  -- Gone with its day while the row was waited for, or given back before.
  IF t.id IS NULL OR t.returned IS NOT NULL THEN RETURN coalesce(t.returned, 0); END IF;
  back := least(greatest(_unused, 0), t.granted);
  UPDATE free_tranche SET returned = back WHERE id = _tranche;
  UPDATE free_quota SET
    day_used = day_used - CASE WHEN day_start = t.day_start THEN back ELSE 0 END,
    minute_used = minute_used - CASE WHEN minute_start = t.minute_start THEN back ELSE 0 END
  WHERE owner_id = owner;
  RETURN back;
END $$;`;

const COUNTED_BEFORE = `
-- What is counted in \`spent\` although no lease of the budget was charged for it: spent before the budget was set.
ALTER TABLE budget ADD COLUMN carried bigint NOT NULL DEFAULT 0 CHECK (carried >= 0);

-- A limit that is put on a key counts what the key has spent in the window already, as the account page shows it.
CREATE FUNCTION count_spent_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(sum(k.charged), 0) INTO NEW.carried FROM key_spend k
  WHERE k.key_id = NEW.scope_id AND (NEW.period = 'total' OR k.day >= (NEW.window_start AT TIME ZONE 'UTC')::date);
  NEW.spent := NEW.spent + NEW.carried;
  NEW.ceiling := greatest(NEW.ceiling, NEW.reserved + NEW.spent);
  RETURN NEW;
END $$;
CREATE TRIGGER budget_counts_before BEFORE INSERT ON budget FOR EACH ROW WHEN (NEW.kind = 'key')
  EXECUTE FUNCTION count_spent_before();

-- Opens the current window of a budget and counts what its keys spent in it so far without it. Answers what is spent.
CREATE FUNCTION open_budget(_scope uuid, _kind text, _period text, _cap bigint, _keys uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE start_at timestamptz := window_start(_period, clock()); b budget; before bigint;
BEGIN
  INSERT INTO budget (scope_id, period, window_start, cap, ceiling, kind) VALUES (_scope, _period, start_at, _cap, _cap, _kind)
  ON CONFLICT (scope_id, period, window_start) DO NOTHING;
  SELECT * INTO STRICT b FROM budget WHERE scope_id = _scope AND period = _period AND window_start = start_at FOR NO KEY UPDATE;
  SELECT greatest(coalesce(sum(k.charged), 0) - b.spent - b.forced, 0) INTO before FROM key_spend k
  WHERE k.key_id = ANY (_keys) AND (_period = 'total' OR k.day >= (start_at AT TIME ZONE 'UTC')::date);
  UPDATE budget SET cap = _cap, kind = _kind, carried = carried + before, spent = spent + before,
    ceiling = greatest(_cap, reserved + spent + before)
  WHERE scope_id = _scope AND period = _period AND window_start = start_at;
  RETURN b.spent + b.forced + before;
END $$;

DO $$
DECLARE body text := pg_get_viewdef('audit'::regclass); counted text := '(b.spent + b.forced)';
BEGIN
  IF position(counted IN body) = 0 THEN RAISE EXCEPTION 'the audit does not look at what budgets spent'; END IF;
  EXECUTE 'CREATE OR REPLACE VIEW audit AS ' || replace(body, counted, '(b.spent + b.forced - b.carried)');
END $$;`;
