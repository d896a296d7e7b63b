import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Estimates of edges wait for the real usage; what is in quarantine is dealt with by people, and every deed of theirs is kept. */
export class LedgerWaiting1763900000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(DEFER);
    await runner.query(QUARANTINE);
    await runner.query(RESOLVE);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const DEFER = `
-- Lays estimates by, each once. Status: 'pending', or 'superseded' when something is booked already (\`charged\`: what was paid for it).
CREATE FUNCTION defer_usage(
  _generations text[], _digests text[], _subjects text[], _stream_seqs bigint[], _payloads jsonb[], _wait_ms int)
RETURNS TABLE (generation_id text, edge_id text, charged bigint, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
DECLARE now_at timestamptz := clock();
BEGIN
  INSERT INTO usage_pending (generation_id, digest, subject, stream_seq, payload, received_at, due_at)
  SELECT e.generation_id, e.digest, e.subject, e.stream_seq, e.payload, now_at, now_at + _wait_ms * interval '1 millisecond'
  FROM unnest(_generations, _digests, _subjects, _stream_seqs, _payloads) AS e (generation_id, digest, subject, stream_seq, payload)
  WHERE NOT EXISTS (SELECT 1 FROM usage u WHERE u.generation_id = e.generation_id)
  ORDER BY e.generation_id ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT e.generation_id, l.edge_id, u.charged, CASE WHEN u.generation_id IS NULL THEN 'pending' ELSE 'superseded' END
  FROM unnest(_generations) WITH ORDINALITY AS e (generation_id, ord)
  LEFT JOIN usage_settled u ON u.generation_id = e.generation_id LEFT JOIN lease l ON l.id = u.lease_id ORDER BY e.ord;
END $$;`;

const QUARANTINE = `
ALTER TABLE quarantine
  ADD COLUMN state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'discarded'));
CREATE INDEX quarantine_open ON quarantine (first_seen_at, digest) WHERE state = 'open';

-- What people did about usage in quarantine.
CREATE TABLE quarantine_action (
  id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest text NOT NULL REFERENCES quarantine (digest),
  action text NOT NULL CHECK (action IN ('retry', 'discard')),
  -- Who did it: the id of a management key, or the name of a command.
  actor  text NOT NULL CHECK (actor <> ''),
  note   text,
  result text NOT NULL,
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT discarded_with_a_reason CHECK (action <> 'discard' OR note <> '')
);
CREATE INDEX quarantine_action_of ON quarantine_action (digest);
CREATE TRIGGER quarantine_action_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON quarantine_action
  FOR EACH STATEMENT EXECUTE FUNCTION forbid();

-- Sets one message aside, and the estimate that was laid by if it is the same message.
CREATE OR REPLACE FUNCTION quarantine_usage(_digest text, _generation text, _subject text, _stream_seq bigint, _reason text, _payload jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE fresh boolean;
BEGIN
  INSERT INTO quarantine AS q (digest, generation_id, subject, stream_seq, reason, payload)
  VALUES (_digest, _generation, _subject, _stream_seq, _reason, _payload)
  ON CONFLICT (digest) DO UPDATE SET deliveries = q.deliveries + 1, last_seen_at = clock_timestamp()
  RETURNING q.deliveries = 1 INTO fresh;
  DELETE FROM usage_pending WHERE digest = _digest;
  RETURN fresh;
END $$;`;

const RESOLVE = `
-- Notes what was done about one message, and that nothing more is to be done unless it stays open. Raises SL404 for an unknown
-- one and SL409 for one that was dealt with before.
CREATE FUNCTION resolve_quarantined(_digest text, _action text, _actor text, _note text, _result text, _state text, _reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE known quarantine;
BEGIN
  SELECT * INTO known FROM quarantine WHERE digest = _digest FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'nothing like it is in quarantine' USING ERRCODE = 'SL404'; END IF;
  IF known.state <> 'open' THEN RAISE EXCEPTION 'it was dealt with before' USING ERRCODE = 'SL409'; END IF;
  INSERT INTO quarantine_action (digest, action, actor, note, result, at) VALUES (_digest, _action, _actor, _note, _result, clock());
  UPDATE quarantine SET state = _state, reason = coalesce(_reason, reason) WHERE digest = _digest;
END $$;`;
