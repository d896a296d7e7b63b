import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Applying usage, its quarantine, and the records of generations. */
export class LedgerUsage1763800000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOCKS);
    await runner.query(CHARGE);
    await runner.query(APPLY);
    await runner.query(RECORDS);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const LOCKS = `
-- Takes every lock of a batch before anything moves, class by class and in order within each, so that two batches, or a batch
-- and a grant, never wait for each other in a circle. Users are locked only where a lease cannot pay alone.
CREATE FUNCTION lock_for_usage(_leases uuid[], _outcomes text[], _picos numeric[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lease WHERE id = ANY (_leases) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM account WHERE id IN (
    SELECT l.user_account
    FROM (SELECT e.lease_id, sum(ceil(e.pico / 1000)) AS cost FROM unnest(_leases, _outcomes, _picos) AS e (lease_id, outcome, pico)
          WHERE e.outcome IN ('final', 'estimate') GROUP BY e.lease_id) need
    JOIN lease l ON l.id = need.lease_id JOIN account a ON a.id = l.account_id
    WHERE l.state = 'closed' OR a.credits - a.debits < need.cost)
  ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM budget WHERE (scope_id, period, window_start) IN (
    SELECT s.scope_id, s.period, s.window_start FROM lease_scope s WHERE s.lease_id = ANY (_leases))
  ORDER BY scope_id, period, window_start FOR NO KEY UPDATE;
END $$;`;

const CHARGE = `
-- Books one generation on its locked lease: from the lease, then late from the user as far as there is money, the rest is the
-- house's loss. Answers what the customer paid; null when the generation was booked before.
CREATE FUNCTION charge(_generation text, _lease lease, _owner uuid, _outcome text, _pico numeric, _payload jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE due bigint := 0; from_lease bigint := 0; from_user bigint := 0; lost bigint;
BEGIN
  IF _outcome IN ('final', 'estimate') THEN due := ceil(_pico / 1000); END IF;
  IF due > 0 AND _lease.state <> 'closed' THEN
    SELECT least(due, credits - debits) INTO STRICT from_lease FROM account WHERE id = _lease.account_id;
  END IF;
  IF due > from_lease THEN
    SELECT least(due - from_lease, credits - debits) INTO STRICT from_user FROM account WHERE id = _lease.user_account;
  END IF;
  lost := due - from_lease - from_user;
  INSERT INTO usage (generation_id, lease_id, owner_id, key_id, outcome, cost_pico, cost, charged, lost, payload)
  VALUES (_generation, _lease.id, _owner, _lease.key_id, _outcome, _pico, ceil(_pico / 1000), from_lease + from_user, lost, _payload)
  ON CONFLICT (generation_id) DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF from_user > 0 THEN
    PERFORM post(md5('late:' || _generation)::uuid, _lease.user_account, house_account('revenue'), from_user, 3, _generation);
  END IF;
  IF from_lease > 0 THEN
    PERFORM post(md5('capture:' || _generation)::uuid, _lease.account_id, house_account('revenue'), from_lease, 2, _generation);
  END IF;
  IF lost > 0 THEN
    PERFORM post(md5('loss:' || _generation)::uuid, house_account('house_loss'), house_account('revenue'), lost, 4, _generation);
  END IF;
  IF from_lease + from_user > 0 THEN
    -- What came from the lease was reserved; what came from the user counts as spent where the cap has room, else as forced.
    UPDATE budget b SET reserved = b.reserved - from_lease,
        spent = b.spent + from_lease + least(from_user, b.ceiling - b.reserved - b.spent),
        forced = b.forced + from_user - least(from_user, b.ceiling - b.reserved - b.spent)
    FROM lease_scope s WHERE s.lease_id = _lease.id
      AND (b.scope_id, b.period, b.window_start) = (s.scope_id, s.period, s.window_start);
  END IF;
  RETURN from_lease + from_user;
END $$;`;

const APPLY = `
-- Applies a batch. Status: 'applied'; 'duplicate' (booked before: nothing moved, \`charged\` is what was paid then); 'contradiction'
-- (the same, and the event says something else than the booked one); 'unknown_lease' and 'foreign_lease' (not booked).
CREATE FUNCTION apply_usage(
  _generations text[], _leases uuid[], _owners uuid[], _keys uuid[], _epochs uuid[], _outcomes text[], _picos numeric[], _payloads jsonb[])
RETURNS TABLE (generation_id text, lease_id uuid, edge_id text, charged bigint, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE l lease; known usage; owner uuid;
  spent_keys uuid[] := '{}'; spent_days date[] := '{}'; spent_amounts bigint[] := '{}';
BEGIN
  PERFORM lock_for_usage(_leases, _outcomes, _picos);
  FOR i IN 1 .. cardinality(_generations) LOOP
    generation_id := _generations[i]; lease_id := _leases[i]; edge_id := NULL; charged := NULL; status := 'unknown_lease';
    SELECT * INTO l FROM lease x WHERE x.id = _leases[i];
    IF l.id IS NULL THEN RETURN NEXT; CONTINUE; END IF;
    edge_id := l.edge_id; status := 'foreign_lease';
    SELECT a.owner_id INTO STRICT owner FROM account a WHERE a.id = l.user_account;
    IF (owner, l.key_id, l.edge_epoch) IS DISTINCT FROM (_owners[i], _keys[i], _epochs[i]) THEN RETURN NEXT; CONTINUE; END IF;
    charged := charge(_generations[i], l, owner, _outcomes[i], _picos[i], _payloads[i]);
    status := 'applied';
    IF charged IS NULL THEN
      SELECT * INTO STRICT known FROM usage u WHERE u.generation_id = _generations[i];
      charged := known.charged;
      status := CASE WHEN (known.lease_id, known.outcome, known.cost_pico) IS NOT DISTINCT FROM (_leases[i], _outcomes[i], _picos[i])
        THEN 'duplicate' ELSE 'contradiction' END;
    ELSIF charged > 0 THEN
      spent_keys := spent_keys || l.key_id; spent_days := spent_days || l.day; spent_amounts := spent_amounts || charged;
    END IF;
    RETURN NEXT;
  END LOOP;
  INSERT INTO key_spend AS k (key_id, day, charged)
  SELECT s.key_id, s.day, sum(s.amount) FROM unnest(spent_keys, spent_days, spent_amounts) AS s (key_id, day, amount)
  GROUP BY s.key_id, s.day ORDER BY s.key_id, s.day
  ON CONFLICT ON CONSTRAINT key_spend_pkey DO UPDATE SET charged = k.charged + excluded.charged;
END $$;`;

const RECORDS = `
CREATE FUNCTION quarantine_usage(_digest text, _generation text, _subject text, _stream_seq bigint, _reason text, _payload jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE fresh boolean;
BEGIN
  INSERT INTO quarantine AS q (digest, generation_id, subject, stream_seq, reason, payload)
  VALUES (_digest, _generation, _subject, _stream_seq, _reason, _payload)
  ON CONFLICT (digest) DO UPDATE SET deliveries = q.deliveries + 1, last_seen_at = clock_timestamp()
  RETURNING q.deliveries = 1 INTO fresh;
  RETURN fresh;
END $$;

-- The last record of a generation wins; a record of another account never replaces one.
CREATE FUNCTION record_generations(_ids text[], _owners uuid[], _keys uuid[], _created timestamptz[], _records jsonb[])
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  WITH stored AS (
    INSERT INTO generation AS g (id, owner_id, key_id, created_at, record)
    SELECT * FROM unnest(_ids, _owners, _keys, _created, _records) AS r (id, owner_id, key_id, created_at, record) ORDER BY r.id
    ON CONFLICT (id) DO UPDATE SET record = excluded.record, received_at = clock_timestamp() WHERE g.owner_id = excluded.owner_id
    RETURNING 1
  ) SELECT count(*) FROM stored $$;`;
