import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which generation an idempotency key of an API key stands for, for 24 hours. */
export class LedgerIdempotency1763900000041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(CLAIM);
    await runner.query(RELEASE);
    await runner.query(FORGET);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const TABLE = `
CREATE TABLE idempotency (
  key_id        uuid NOT NULL,
  key           text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  -- SHA-256 of what was asked, in hexadecimal: the request itself is not kept.
  fingerprint   text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  generation_id text NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (key_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TYPE idempotency_reply AS (state text, generation_id text);

-- A key is good for this long; then it may name another generation.
CREATE FUNCTION idempotency_life() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '24 hours' $$;

-- Whether something was used, or answered whole, under this generation. Both tables are in parts by month, and the id tells the month.
CREATE FUNCTION generation_happened(_generation text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM usage u WHERE u.generation_id = _generation AND u.month = generation_month(_generation))
    OR EXISTS (SELECT 1 FROM generation g WHERE g.id = _generation AND g.month = generation_month(_generation)
               AND g.record ->> 'status' = '200');
END $$;`;

const CLAIM = `
-- The first claim has the key, and has it again when it is told twice. All others learn whose it is, and how far that one came.
CREATE FUNCTION claim_idempotency(_key_id uuid, _key text, _fingerprint text, _generation text) RETURNS idempotency_reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE first idempotency;
BEGIN
  LOOP
    INSERT INTO idempotency AS i (key_id, key, fingerprint, generation_id, created_at)
    VALUES (_key_id, _key, _fingerprint, _generation, clock())
    ON CONFLICT (key_id, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, generation_id = excluded.generation_id, created_at = excluded.created_at
      WHERE i.created_at <= clock() - idempotency_life()
    RETURNING * INTO first;
    IF NOT FOUND THEN
      SELECT * INTO first FROM idempotency i WHERE i.key_id = _key_id AND i.key = _key;
      -- Released in this moment: it is free again.
      CONTINUE WHEN NOT FOUND;
    END IF;
    RETURN ROW(CASE
      WHEN first.fingerprint <> _fingerprint THEN 'mismatch'
      WHEN first.generation_id = _generation THEN 'claimed'
      WHEN generation_happened(first.generation_id) THEN 'done'
      ELSE 'in_flight' END, first.generation_id)::idempotency_reply;
  END LOOP;
END $$;`;

const RELEASE = `
-- Gives the key back after a request that came to nothing. Who used something keeps it, whatever he says; who does not have it gives nothing.
CREATE FUNCTION release_idempotency(_key_id uuid, _key text, _generation text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  DELETE FROM idempotency i WHERE i.key_id = _key_id AND i.key = _key AND i.generation_id = _generation
    AND NOT generation_happened(_generation);
  RETURN FOUND;
END $$;`;

const FORGET = `
-- Deletes keys that are good for nothing any more, at most so many. Answers how many there were.
CREATE FUNCTION forget_idempotency(_limit int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE forgotten bigint;
BEGIN
  DELETE FROM idempotency WHERE (key_id, key) IN (
    SELECT i.key_id, i.key FROM idempotency i WHERE i.created_at <= clock() - idempotency_life()
    ORDER BY i.created_at LIMIT _limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;`;
