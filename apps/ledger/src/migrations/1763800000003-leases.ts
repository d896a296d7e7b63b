import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Grant, top-up, close and expiry of leases. The lock order is that of the migration before. */
export class LedgerLeases1763800000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOAN);
    await runner.query(GRANT);
    await runner.query(TOP_UP);
    await runner.query(CLOSE);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const LOAN = `
CREATE TYPE scope_window AS (scope_id uuid, period text, window_start timestamptz);
CREATE TYPE lease_reply AS (
  outcome text, granted bigint, ttl_ms bigint, reason text, available bigint, scope_id uuid, resets_at timestamptz);

CREATE FUNCTION ttl_left(_expires_at timestamptz, _at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT greatest(1, floor(extract(epoch FROM _expires_at - _at) * 1000))::bigint $$;

-- How much of what is wanted may be lent: at least the minimum or nothing, and at most a tenth of what there is, so that one
-- edge never holds most of an account and a poor account is lent exactly the minimum. Locks the budgets; the caller has locked the user.
CREATE FUNCTION loan_of(_user bigint, _scopes scope_window[], _want bigint, _min bigint) RETURNS lease_reply LANGUAGE plpgsql AS $$
DECLARE room bigint; b budget; tightest budget; reply lease_reply;
BEGIN
  SELECT credits - debits INTO STRICT room FROM account WHERE id = _user;
  IF room < _min THEN
    reply.outcome := 'refused'; reply.reason := 'insufficient_credits'; reply.available := room;
    RETURN reply;
  END IF;
  FOR b IN
    SELECT budget.* FROM budget JOIN unnest(_scopes) s USING (scope_id, period, window_start)
    ORDER BY budget.scope_id, budget.period, budget.window_start FOR NO KEY UPDATE OF budget
  LOOP
    IF b.cap - b.reserved - b.spent - b.forced < room THEN
      room := greatest(b.cap - b.reserved - b.spent - b.forced, 0);
      tightest := b;
    END IF;
  END LOOP;
  IF room < _min THEN
    reply.outcome := 'refused'; reply.reason := 'budget_exhausted'; reply.available := room;
    reply.scope_id := tightest.scope_id; reply.resets_at := window_end(tightest.period, tightest.window_start);
    IF NOT isfinite(reply.resets_at) THEN reply.resets_at := NULL; END IF;
    RETURN reply;
  END IF;
  reply.outcome := 'granted';
  reply.granted := greatest(_min, least(_want, room / 10));
  RETURN reply;
END $$;

CREATE FUNCTION reserve(_scopes scope_window[], _amount bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE budget SET reserved = reserved + _amount FROM unnest(_scopes) s
  WHERE budget.scope_id = s.scope_id AND budget.period = s.period AND budget.window_start = s.window_start $$;

CREATE FUNCTION scopes_of(_lease uuid) RETURNS scope_window[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg((scope_id, period, window_start)::scope_window), '{}') FROM lease_scope WHERE lease_id = _lease $$;`;

const GRANT = `
-- Makes the rows of the current windows where they are missing and takes over caps that changed; locks them all, in order.
CREATE FUNCTION open_budgets(_budgets jsonb, _at timestamptz) RETURNS scope_window[] LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO budget AS b (scope_id, period, window_start, cap, ceiling)
  SELECT w.scope_id, w.period, window_start(w.period, _at), min(w.cap), min(w.cap)
  FROM jsonb_to_recordset(_budgets) AS w (scope_id uuid, period text, cap bigint)
  GROUP BY w.scope_id, w.period ORDER BY w.scope_id, w.period
  ON CONFLICT (scope_id, period, window_start) DO UPDATE
    SET cap = excluded.cap, ceiling = greatest(excluded.cap, b.reserved + b.spent) WHERE b.cap <> excluded.cap;
  RETURN (SELECT coalesce(array_agg(DISTINCT (w.scope_id, w.period, window_start(w.period, _at))::scope_window), '{}')
          FROM jsonb_to_recordset(_budgets) AS w (scope_id uuid, period text));
END $$;

CREATE FUNCTION grant_lease(
  _lease uuid, _owner uuid, _key uuid, _edge text, _epoch uuid, _want bigint, _min bigint, _budgets jsonb, _ttl_ms int)
RETURNS lease_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint; known lease; now_at timestamptz; scopes scope_window[]; reply lease_reply; account_id bigint; until_at timestamptz;
BEGIN
  SELECT a.id INTO user_id FROM account a WHERE a.kind = 'user' AND a.owner_id = _owner FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    reply.outcome := 'refused'; reply.reason := 'unknown_account'; reply.available := 0;
    RETURN reply;
  END IF;
  now_at := clock();
  SELECT * INTO known FROM lease WHERE id = _lease;
  IF FOUND THEN
    IF (known.user_account, known.key_id, known.edge_epoch) IS DISTINCT FROM (user_id, _key, _epoch) OR known.state <> 'open' THEN
      RAISE EXCEPTION 'the lease exists for another key or edge, or is closed' USING ERRCODE = 'SL409';
    END IF;
    reply.outcome := 'granted'; reply.granted := known.granted; reply.ttl_ms := ttl_left(known.expires_at, now_at);
    RETURN reply;
  END IF;
  scopes := open_budgets(_budgets, now_at);
  reply := loan_of(user_id, scopes, _want, _min);
  IF reply.outcome <> 'granted' THEN RETURN reply; END IF;
  until_at := least(now_at + _ttl_ms * interval '1 millisecond', next_midnight(utc_day(now_at)));
  INSERT INTO account (kind) VALUES ('lease') RETURNING id INTO account_id;
  INSERT INTO lease (id, account_id, user_account, key_id, edge_id, edge_epoch, granted, day, ttl_ms, opened_at, expires_at)
  VALUES (_lease, account_id, user_id, _key, _edge, _epoch, reply.granted, utc_day(now_at), _ttl_ms, now_at, until_at);
  INSERT INTO lease_scope (lease_id, scope_id, period, window_start) SELECT _lease, s.scope_id, s.period, s.window_start FROM unnest(scopes) s;
  IF reply.granted > 0 THEN
    PERFORM reserve(scopes, reply.granted);
    IF NOT post(_lease, user_id, account_id, reply.granted, 1, _lease::text) THEN
      RAISE EXCEPTION 'the id of the lease is that of a transfer' USING ERRCODE = 'SL409';
    END IF;
  END IF;
  reply.ttl_ms := ttl_left(until_at, now_at);
  RETURN reply;
END $$;`;

const TOP_UP = `
-- Outcome 'gone': closed, unknown, of another edge, or of a day that is over.
CREATE FUNCTION top_up_lease(_lease uuid, _top_up uuid, _epoch uuid, _want bigint, _min bigint)
RETURNS lease_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE l lease; now_at timestamptz; until_at timestamptz; known transfer; scopes scope_window[]; reply lease_reply; amount bigint := 0;
BEGIN
  SELECT * INTO l FROM lease WHERE id = _lease AND edge_epoch = _epoch FOR NO KEY UPDATE;
  now_at := clock();
  reply.outcome := 'gone';
  IF l.id IS NULL OR l.state = 'closed' THEN RETURN reply; END IF;
  IF l.state = 'draining' THEN
    -- Its generations still run, perhaps into the next day: it can be kept alive for them, but gets no more money.
    IF _want > 0 OR _min > 0 THEN RETURN reply; END IF;
    until_at := now_at + l.ttl_ms * interval '1 millisecond';
  ELSE
    until_at := least(now_at + l.ttl_ms * interval '1 millisecond', next_midnight(l.day));
    IF until_at <= now_at THEN RETURN reply; END IF;
  END IF;
  SELECT * INTO known FROM transfer WHERE id = _top_up;
  IF FOUND THEN
    IF (known.debit_account, known.credit_account, known.code) IS DISTINCT FROM (l.user_account, l.account_id, 1::smallint) THEN
      RAISE EXCEPTION 'the id of the top-up is that of another transfer' USING ERRCODE = 'SL409';
    END IF;
  ELSIF _want > 0 OR _min > 0 THEN
    PERFORM 1 FROM account WHERE id = l.user_account FOR NO KEY UPDATE;
    scopes := scopes_of(_lease);
    reply := loan_of(l.user_account, scopes, _want, _min);
    IF reply.outcome <> 'granted' THEN RETURN reply; END IF;
    amount := reply.granted;
    IF amount > 0 THEN
      PERFORM reserve(scopes, amount);
      PERFORM post(_top_up, l.user_account, l.account_id, amount, 1, _lease::text);
    END IF;
  END IF;
  UPDATE lease SET granted = granted + amount, expires_at = until_at WHERE id = _lease;
  reply.outcome := 'granted'; reply.granted := l.granted + amount; reply.ttl_ms := ttl_left(until_at, now_at);
  RETURN reply;
END $$;`;

const CLOSE = `
-- Gives back all but what is kept. The caller has locked the lease.
CREATE FUNCTION give_back(_lease lease, _keep bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE rest bigint; scopes scope_window[];
BEGIN
  SELECT credits - debits - _keep INTO STRICT rest FROM account WHERE id = _lease.account_id;
  IF rest > 0 THEN
    PERFORM 1 FROM account WHERE id = _lease.user_account FOR NO KEY UPDATE;
    scopes := scopes_of(_lease.id);
    PERFORM 1 FROM budget JOIN unnest(scopes) s USING (scope_id, period, window_start)
    ORDER BY budget.scope_id, budget.period, budget.window_start FOR NO KEY UPDATE OF budget;
    PERFORM reserve(scopes, -rest);
    PERFORM post(gen_random_uuid(), _lease.account_id, _lease.user_account, rest, 5, _lease.id::text);
    UPDATE lease SET returned = returned + rest WHERE id = _lease.id;
  END IF;
  IF _keep = 0 THEN
    UPDATE account SET closed_at = clock() WHERE id = _lease.account_id;
    UPDATE lease SET state = 'closed' WHERE id = _lease.id;
  ELSE
    UPDATE lease SET state = 'draining' WHERE id = _lease.id;
  END IF;
END $$;

-- No row when there is no such lease of this edge. \`returned\`: all that the lease ever gave back, so that a repeated call answers the same.
CREATE FUNCTION close_lease(_lease uuid, _epoch uuid, _keep bigint) RETURNS TABLE (state text, returned bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE l lease;
BEGIN
  SELECT * INTO l FROM lease WHERE id = _lease AND edge_epoch = _epoch FOR NO KEY UPDATE;
  IF l.id IS NULL THEN RETURN; END IF;
  IF l.state <> 'closed' THEN PERFORM give_back(l, _keep); END IF;
  RETURN QUERY SELECT x.state, x.returned FROM lease x WHERE x.id = _lease;
END $$;

-- Closes one lease whose time and grace are over, or that drained to nothing. False when it is not due or locked by another.
CREATE FUNCTION expire_lease(_lease uuid, _grace_ms int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE l lease; balance bigint;
BEGIN
  SELECT * INTO l FROM lease WHERE id = _lease AND state <> 'closed' FOR NO KEY UPDATE SKIP LOCKED;
  IF l.id IS NULL THEN RETURN false; END IF;
  SELECT credits - debits INTO STRICT balance FROM account WHERE id = l.account_id;
  IF l.expires_at + _grace_ms * interval '1 millisecond' > clock() AND NOT (l.state = 'draining' AND balance = 0) THEN RETURN false; END IF;
  PERFORM give_back(l, 0);
  RETURN true;
END $$;`;
