import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lending where money is tight: a refusal says whether the money is only lent elsewhere, names the budget that refused, and a poor
 * account is lent exactly what a request needs. The lock order is that of the functions that these replace.
 */
export class LedgerLoans1763900000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SHAPES);
    await runner.query(LOAN);
    await runner.query(GRANT);
    await runner.query(TOP_UP);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const SHAPES = `
ALTER TABLE budget ADD COLUMN kind text NOT NULL DEFAULT 'key' CHECK (kind IN ('key', 'user', 'workspace', 'account'));

-- scope_kind, period, cap and spent are of the budget that refused. recallable: it could be lent if others gave back what they
-- hold nothing against.
ALTER TYPE lease_reply ADD ATTRIBUTE scope_kind text, ADD ATTRIBUTE period text, ADD ATTRIBUTE cap bigint,
  ADD ATTRIBUTE spent bigint, ADD ATTRIBUTE recallable boolean, ADD ATTRIBUTE user_account bigint;`;

const LOAN = `
DROP FUNCTION loan_of(bigint, scope_window[], bigint, bigint);

-- True when so little is left that what is lent beyond the need of one edge is missing at the next: less than a smallest useful
-- lease for each edge that has one, and for one more.
CREATE FUNCTION is_tight(_user bigint, _room bigint, _min_lease bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- No look at the leases of those who have plenty.
  IF _room >= 64 * _min_lease THEN RETURN false; END IF;
  RETURN _room < _min_lease * (1 + (SELECT count(DISTINCT edge_id) FROM lease WHERE user_account = _user AND state = 'open'));
END $$;

CREATE FUNCTION lent_to(_user bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(a.credits - a.debits), 0)::bigint
  FROM lease l JOIN account a ON a.id = l.account_id WHERE l.user_account = _user AND l.state <> 'closed' $$;

-- How much of what is wanted may be lent: at least the minimum or nothing, and at most a tenth of what there is, so that one
-- edge never holds most of an account; exactly the minimum where money is tight. _need is what the request that waits needs in
-- all, with what its lease has already. Locks the budgets; the caller has locked the user.
CREATE FUNCTION loan_of(_user bigint, _scopes scope_window[], _want bigint, _min bigint, _need bigint, _min_lease bigint)
RETURNS lease_reply LANGUAGE plpgsql AS $$
DECLARE room bigint; b budget; tightest budget; reply lease_reply; tight boolean;
BEGIN
  SELECT credits - debits INTO STRICT room FROM account WHERE id = _user;
  IF room < _min THEN
    reply.outcome := 'refused'; reply.available := room; reply.user_account := _user;
    reply.recallable := room::numeric + lent_to(_user) >= _need;
    reply.reason := CASE WHEN reply.recallable THEN 'in_flight_budget_exhausted' ELSE 'insufficient_credits' END;
    RETURN reply;
  END IF;
  tight := is_tight(_user, room, _min_lease);
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
    reply.scope_id := tightest.scope_id; reply.scope_kind := tightest.kind; reply.period := tightest.period;
    reply.cap := tightest.cap; reply.spent := tightest.spent + tightest.forced;
    reply.resets_at := window_end(tightest.period, tightest.window_start);
    IF NOT isfinite(reply.resets_at) THEN reply.resets_at := NULL; END IF;
    reply.recallable := tightest.cap - tightest.spent - tightest.forced >= _need;
    RETURN reply;
  END IF;
  reply.outcome := 'granted';
  reply.granted := CASE WHEN tight THEN _min ELSE greatest(_min, least(_want, room / 10)) END;
  RETURN reply;
END $$;`;

const GRANT = `
-- Makes the rows of the current windows where they are missing and takes over caps that changed; locks them all, in order.
CREATE OR REPLACE FUNCTION open_budgets(_budgets jsonb, _at timestamptz) RETURNS scope_window[] LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO budget AS b (scope_id, period, window_start, cap, ceiling, kind)
  SELECT w.scope_id, w.period, window_start(w.period, _at), min(w.cap), min(w.cap), coalesce(min(w.kind), 'key')
  FROM jsonb_to_recordset(_budgets) AS w (scope_id uuid, period text, cap bigint, kind text)
  GROUP BY w.scope_id, w.period ORDER BY w.scope_id, w.period
  ON CONFLICT (scope_id, period, window_start) DO UPDATE
    SET cap = excluded.cap, ceiling = greatest(excluded.cap, b.reserved + b.spent) WHERE b.cap <> excluded.cap;
  RETURN (SELECT coalesce(array_agg(DISTINCT (w.scope_id, w.period, window_start(w.period, _at))::scope_window), '{}')
          FROM jsonb_to_recordset(_budgets) AS w (scope_id uuid, period text));
END $$;

DROP FUNCTION grant_lease(uuid, uuid, uuid, text, uuid, bigint, bigint, jsonb, int);
CREATE FUNCTION grant_lease(
  _lease uuid, _owner uuid, _key uuid, _edge text, _epoch uuid, _want bigint, _min bigint, _budgets jsonb, _ttl_ms int,
  _min_lease bigint DEFAULT 0)
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
  reply := loan_of(user_id, scopes, _want, _min, _min, _min_lease);
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
DROP FUNCTION top_up_lease(uuid, uuid, uuid, bigint, bigint);
-- Outcome 'gone': closed, unknown, of another edge, or of a day that is over. _room and _returned are what the edge had in the
-- lease, and had given back of it, when it asked: what it gave back since is lent on top.
CREATE FUNCTION top_up_lease(
  _lease uuid, _top_up uuid, _epoch uuid, _want bigint, _min bigint,
  _room bigint DEFAULT 0, _returned bigint DEFAULT 0, _min_lease bigint DEFAULT 0)
RETURNS lease_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE l lease; now_at timestamptz; until_at timestamptz; known transfer; scopes scope_window[]; reply lease_reply; amount bigint := 0;
  since bigint;
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
    -- No more than the room that it had can have been given back.
    since := CASE WHEN _min > 0 THEN least(greatest(l.returned - _returned, 0), _room) ELSE 0 END;
    reply := loan_of(l.user_account, scopes, _want + since, _min + since, _min + _room, _min_lease);
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
