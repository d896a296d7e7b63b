import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Applies a batch of usage with one statement per table, as if its events had come one after the other. */
export class LedgerApplyUsage1763900000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOCKS);
    await runner.query(SPLIT);
    await runner.query(BOOK);
    await runner.query(CORRECT);
    await runner.query(APPLY);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const LOCKS = `
DROP FUNCTION apply_usage(text[], uuid[], uuid[], uuid[], uuid[], text[], numeric[], jsonb[]);
DROP FUNCTION charge(text, lease, uuid, text, numeric, jsonb);
DROP FUNCTION lock_for_usage(uuid[], text[], numeric[]);

-- Takes every lock of a batch before anything moves, class by class and in order within each, so that two batches, or a batch
-- and a grant, never wait for each other in a circle. Users are locked only where a lease cannot pay alone, and where an
-- estimate is corrected.
CREATE FUNCTION lock_for_usage(
  _generations text[], _leases uuid[], _outcomes text[], _picos numeric[], _bounds bigint[], _fees int[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lease WHERE id = ANY (_leases) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM account WHERE id IN (
    SELECT l.user_account
    FROM (SELECT e.lease_id, sum(least(e.bound, due_nanos(e.pico, e.fee))) AS due
          FROM unnest(_leases, _outcomes, _picos, _bounds, _fees) AS e (lease_id, outcome, pico, bound, fee)
          WHERE e.outcome IN ('final', 'estimate') GROUP BY e.lease_id) need
    JOIN lease l ON l.id = need.lease_id JOIN account a ON a.id = l.account_id
    WHERE l.state = 'closed' OR a.credits - a.debits < need.due
    UNION ALL
    SELECT l.user_account FROM unnest(_generations, _leases, _outcomes) AS e (generation_id, lease_id, outcome)
    JOIN lease l ON l.id = e.lease_id
    WHERE e.outcome = 'final' AND (
      EXISTS (SELECT 1 FROM usage u WHERE u.generation_id = e.generation_id AND u.outcome = 'estimate')
      OR e.generation_id IN (SELECT o.id FROM unnest(_generations, _outcomes) AS o (id, outcome) WHERE o.outcome = 'estimate')))
  ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM budget WHERE (scope_id, period, window_start) IN (
    SELECT s.scope_id, s.period, s.window_start FROM lease_scope s WHERE s.lease_id = ANY (_leases))
  ORDER BY scope_id, period, window_start FOR NO KEY UPDATE;
END $$;`;

const SPLIT = `
-- One event of a batch. Status: 'applied' when it is to be booked, 'known' when its generation was booked before (or stands
-- further up in the batch), else why it cannot be booked.
CREATE TYPE usage_line AS (
  ord bigint, generation_id text, lease_id uuid, owner_id uuid, key_id uuid, day date, edge_id text, lease_account bigint, user_account bigint,
  outcome text, cost_pico numeric, bound bigint, own_key_ppm int, status text, from_lease bigint, from_user bigint, lost bigint);

-- Who pays what of each event: its lease up to the bound; what the lease lacks up to the bound the user, as far as there is
-- money; the rest the house. Sums up to each event say what is left for the next one. Everything is locked by the caller.
CREATE FUNCTION split_usage(
  _generations text[], _leases uuid[], _owners uuid[], _keys uuid[], _epochs uuid[], _outcomes text[], _picos numeric[], _bounds bigint[],
  _fees int[]) RETURNS usage_line[] LANGUAGE sql STABLE AS $$
  WITH event AS (
    SELECT e.*, l.id IS NOT NULL AS found, (u.owner_id, l.key_id, l.edge_epoch) IS NOT DISTINCT FROM (e.owner_id, e.key_id, e.epoch) AS own,
      l.day, l.edge_id, l.account_id AS lease_account, l.user_account, a.credits - a.debits AS lease_room, u.credits - u.debits AS user_room
    FROM unnest(_generations, _leases, _owners, _keys, _epochs, _outcomes, _picos, _bounds, _fees) WITH ORDINALITY
      AS e (generation_id, lease_id, owner_id, key_id, epoch, outcome, cost_pico, bound, own_key_ppm, ord)
    LEFT JOIN lease l ON l.id = e.lease_id LEFT JOIN account a ON a.id = l.account_id LEFT JOIN account u ON u.id = l.user_account),
  judged AS (
    SELECT e.*, CASE WHEN NOT e.found THEN 'unknown_lease' WHEN NOT e.own THEN 'foreign_lease'
      WHEN row_number() OVER (PARTITION BY e.generation_id, e.found AND e.own ORDER BY e.ord) > 1
        OR EXISTS (SELECT 1 FROM usage k WHERE k.generation_id = e.generation_id) THEN 'known' ELSE 'applied' END AS status
    FROM event e),
  priced AS (
    SELECT j.*, CASE WHEN j.status = 'applied' AND j.outcome IN ('final', 'estimate') THEN due_nanos(j.cost_pico, j.own_key_ppm) ELSE 0 END AS price
    FROM judged j),
  asked AS (
    SELECT p.*, least(p.price, p.bound) AS due, sum(least(p.price, p.bound)) OVER (PARTITION BY p.lease_account ORDER BY p.ord) AS asked
    FROM priced p),
  lent AS (SELECT a.*, least(a.lease_room, a.asked) - least(a.lease_room, a.asked - a.due) AS from_lease FROM asked a),
  short AS (SELECT l.*, sum(l.due - l.from_lease) OVER (PARTITION BY l.user_account ORDER BY l.ord) AS short FROM lent l),
  paid AS (SELECT s.*, least(s.user_room, s.short) - least(s.user_room, s.short - s.due + s.from_lease) AS from_user FROM short s)
  SELECT array_agg((p.ord, p.generation_id, p.lease_id, p.owner_id, p.key_id, p.day, p.edge_id, p.lease_account, p.user_account, p.outcome,
      p.cost_pico, p.bound, p.own_key_ppm, p.status, coalesce(p.from_lease, 0), coalesce(p.from_user, 0),
      p.price - coalesce(p.from_lease, 0) - coalesce(p.from_user, 0))::usage_line ORDER BY p.ord)
  FROM paid p $$;`;

const BOOK = `
-- Usage rows, transfers, budgets and spend of keys for the lines that are to be booked.
CREATE FUNCTION book_usage(_lines usage_line[], _payloads jsonb[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE booked bigint; revenue bigint := house_account('revenue'); loss bigint := house_account('house_loss');
  ids uuid[]; debits bigint[]; credits bigint[]; amounts bigint[]; codes int[]; refs text[];
BEGIN
  INSERT INTO usage (generation_id, lease_id, owner_id, key_id, outcome, cost_pico, cost, charged, lost, bound, own_key_ppm, payload)
  SELECT x.generation_id, x.lease_id, x.owner_id, x.key_id, x.outcome, x.cost_pico, due_nanos(x.cost_pico, NULL), x.from_lease + x.from_user,
    x.lost, x.bound, x.own_key_ppm, p.payload
  FROM unnest(_lines) x JOIN unnest(_payloads) WITH ORDINALITY AS p (payload, ord) ON p.ord = x.ord
  WHERE x.status = 'applied' ON CONFLICT (generation_id) DO NOTHING;
  GET DIAGNOSTICS booked = ROW_COUNT;
  IF booked <> (SELECT count(*) FROM unnest(_lines) x WHERE x.status = 'applied') THEN
    -- Booked on another lease in this moment: what was split may be wrong, so the batch begins again.
    RAISE EXCEPTION 'a generation was booked by another batch' USING ERRCODE = '40001';
  END IF;
  SELECT array_agg(md5(t.kind || x.generation_id)::uuid), array_agg(t.debit), array_agg(t.credit), array_agg(t.amount), array_agg(t.code),
    array_agg(x.generation_id) INTO ids, debits, credits, amounts, codes, refs
  FROM unnest(_lines) x CROSS JOIN LATERAL (VALUES
    ('capture:', x.lease_account, revenue, x.from_lease, 2),
    ('late:', x.user_account, revenue, x.from_user, 3),
    ('loss:', loss, revenue, x.lost, 4)) AS t (kind, debit, credit, amount, code)
  WHERE x.status = 'applied' AND t.amount > 0;
  IF ids IS NOT NULL THEN PERFORM post_all(ids, debits, credits, amounts, codes, refs); END IF;
  -- What came from the lease was reserved; what came from the user counts as spent where the cap has room, else as forced.
  UPDATE budget b SET reserved = b.reserved - c.from_lease,
      spent = b.spent + c.from_lease + least(c.from_user, b.ceiling - b.reserved - b.spent),
      forced = b.forced + c.from_user - least(c.from_user, b.ceiling - b.reserved - b.spent)
  FROM (SELECT s.scope_id, s.period, s.window_start, sum(x.from_lease) AS from_lease, sum(x.from_user) AS from_user
        FROM unnest(_lines) x JOIN lease_scope s ON s.lease_id = x.lease_id
        WHERE x.status = 'applied' AND x.from_lease + x.from_user > 0 GROUP BY s.scope_id, s.period, s.window_start) c
  WHERE (b.scope_id, b.period, b.window_start) = (c.scope_id, c.period, c.window_start);
  INSERT INTO key_spend AS k (key_id, day, charged, generations, insured, insured_cost, own_key_cost)
  SELECT x.key_id, x.day, sum(x.from_lease + x.from_user), count(*), count(*) FILTER (WHERE x.outcome = 'insured'),
    coalesce(sum(due_nanos(x.cost_pico, NULL)) FILTER (WHERE x.outcome = 'insured'), 0),
    coalesce(sum(due_nanos(x.cost_pico, NULL)) FILTER (WHERE x.own_key_ppm IS NOT NULL AND x.outcome IN ('final', 'estimate')), 0)
  FROM unnest(_lines) x WHERE x.status = 'applied' GROUP BY x.key_id, x.day ORDER BY x.key_id, x.day
  ON CONFLICT ON CONSTRAINT key_spend_pkey DO UPDATE SET charged = k.charged + excluded.charged,
    generations = k.generations + excluded.generations, insured = k.insured + excluded.insured,
    insured_cost = k.insured_cost + excluded.insured_cost, own_key_cost = k.own_key_cost + excluded.own_key_cost;
END $$;`;

const CORRECT = `
-- Puts the real usage in the place of a booked estimate: what was too much goes back to the user; what was too little is taken
-- from the user up to the bound as far as there is money, never from the lease, whose edge has lent that money to other
-- requests by now; the rest is the house's. The caller has locked lease, user and budgets.
CREATE FUNCTION correct_usage(_line usage_line, _estimate usage, _payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE revenue bigint := house_account('revenue'); loss bigint := house_account('house_loss'); room bigint; charge bigint; lose bigint;
BEGIN
  SELECT credits - debits INTO STRICT room FROM account WHERE id = _line.user_account;
  charge := least(least(_line.bound, due_nanos(_line.cost_pico, _line.own_key_ppm)) - _estimate.charged, room);
  lose := due_nanos(_line.cost_pico, _line.own_key_ppm) - _estimate.charged - charge - _estimate.lost;
  INSERT INTO usage_correction (generation_id, cost_pico, cost, bound, own_key_ppm, charged_delta, lost_delta, payload)
  VALUES (_line.generation_id, _line.cost_pico, due_nanos(_line.cost_pico, NULL), _line.bound, _line.own_key_ppm, charge, lose, _payload);
  IF charge > 0 THEN PERFORM post(md5('correction:' || _line.generation_id)::uuid, _line.user_account, revenue, charge, 7, _line.generation_id); END IF;
  IF charge < 0 THEN PERFORM post(md5('correction:' || _line.generation_id)::uuid, revenue, _line.user_account, -charge, 7, _line.generation_id); END IF;
  IF lose > 0 THEN PERFORM post(md5('correction-loss:' || _line.generation_id)::uuid, loss, revenue, lose, 7, _line.generation_id); END IF;
  IF lose < 0 THEN PERFORM post(md5('correction-loss:' || _line.generation_id)::uuid, revenue, loss, -lose, 7, _line.generation_id); END IF;
  -- What is added counts as spent where the cap has room; what is taken back was forced before it was spent.
  UPDATE budget b SET
      spent = b.spent + CASE WHEN charge > 0 THEN least(charge, b.ceiling - b.reserved - b.spent) ELSE least(charge + b.forced, 0) END,
      forced = b.forced + CASE WHEN charge > 0 THEN charge - least(charge, b.ceiling - b.reserved - b.spent) ELSE greatest(charge, -b.forced) END
  FROM lease_scope s WHERE charge <> 0 AND s.lease_id = _line.lease_id
    AND (b.scope_id, b.period, b.window_start) = (s.scope_id, s.period, s.window_start);
  UPDATE key_spend SET charged = charged + charge, own_key_cost = own_key_cost
      + CASE WHEN _line.own_key_ppm IS NULL THEN 0 ELSE due_nanos(_line.cost_pico, NULL) END
      - CASE WHEN _estimate.own_key_ppm IS NULL THEN 0 ELSE _estimate.cost END
  WHERE key_id = _line.key_id AND day = _line.day;
END $$;`;

const APPLY = `
-- The first line that brings the real usage of a generation which is booked as an estimate, or will be by a line before it.
CREATE FUNCTION first_correction(_lines usage_line[]) RETURNS usage_line LANGUAGE sql STABLE AS $$
  SELECT x FROM unnest(_lines) x WHERE x.status = 'known' AND x.outcome = 'final' AND (
    EXISTS (SELECT 1 FROM usage u WHERE u.generation_id = x.generation_id AND u.outcome = 'estimate' AND u.lease_id = x.lease_id
      AND NOT EXISTS (SELECT 1 FROM usage_correction c WHERE c.generation_id = u.generation_id))
    OR EXISTS (SELECT 1 FROM unnest(_lines) e WHERE e.generation_id = x.generation_id AND e.lease_id = x.lease_id
      AND e.status = 'applied' AND e.outcome = 'estimate'))
  ORDER BY x.ord LIMIT 1 $$;

-- Applies a batch. Status: 'applied'; 'corrected' (the real usage of a generation that was booked as an estimate); 'duplicate'
-- (booked before); 'superseded' (an estimate, and something is booked already); 'contradiction' (something else than what was
-- booked: the first stays); 'unknown_lease' and 'foreign_lease' (not booked). \`charged\` is what the customer has paid for the
-- generation by now, \`lost\` what this event has added to the losses of the house.
CREATE FUNCTION apply_usage(
  _generations text[], _leases uuid[], _owners uuid[], _keys uuid[], _epochs uuid[], _outcomes text[], _picos numeric[], _bounds bigint[],
  _fees int[], _payloads jsonb[])
RETURNS TABLE (generation_id text, lease_id uuid, edge_id text, charged bigint, lost bigint, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
DECLARE lines usage_line[]; rest usage_line[]; correction usage_line; estimate usage; corrections bigint[] := '{}';
  done int := 0; last int := cardinality(_generations);
BEGIN
  PERFORM lock_for_usage(_generations, _leases, _outcomes, _picos, _bounds, _fees);
  -- Once for nearly every batch. A correction moves money as well, so what stands behind one is split anew after it.
  LOOP
    rest := split_usage(_generations[done + 1:], _leases[done + 1:], _owners[done + 1:], _keys[done + 1:], _epochs[done + 1:],
      _outcomes[done + 1:], _picos[done + 1:], _bounds[done + 1:], _fees[done + 1:]);
    correction := first_correction(rest);
    IF correction.ord IS NULL THEN
      PERFORM book_usage(rest, _payloads[done + 1:]);
      lines := lines || rest;
      EXIT;
    END IF;
    PERFORM book_usage(rest[:correction.ord::int - 1], _payloads[done + 1:]);
    SELECT * INTO STRICT estimate FROM usage u WHERE u.generation_id = correction.generation_id;
    PERFORM correct_usage(correction, estimate, _payloads[done + correction.ord::int]);
    lines := lines || rest[:correction.ord::int];
    done := done + correction.ord;
    corrections := corrections || done::bigint;
    EXIT WHEN done = last;
  END LOOP;
  DELETE FROM usage_pending p WHERE p.generation_id = ANY (_generations);
  RETURN QUERY SELECT x.generation_id, x.lease_id, x.edge_id, u.charged + coalesce(c.charged_delta, 0),
    CASE WHEN x.status = 'applied' THEN x.lost WHEN x.ordinality = ANY (corrections) THEN c.lost_delta ELSE 0 END,
    CASE WHEN x.status <> 'known' THEN x.status
      WHEN x.ordinality = ANY (corrections) THEN 'corrected'
      WHEN (u.lease_id, u.outcome, u.cost_pico) = (x.lease_id, x.outcome, x.cost_pico)
        OR (u.lease_id, 'final', c.cost_pico) IS NOT DISTINCT FROM (x.lease_id, x.outcome, x.cost_pico) THEN 'duplicate'
      WHEN x.outcome = 'estimate' THEN 'superseded'
      ELSE 'contradiction' END
  FROM unnest(lines) WITH ORDINALITY AS x LEFT JOIN usage u ON x.status IN ('applied', 'known') AND u.generation_id = x.generation_id
    LEFT JOIN usage_correction c ON c.generation_id = u.generation_id
  ORDER BY x.ordinality;
END $$;`;
