import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sealed entries and their parts. Nothing here says what an entry holds: that is written by edges under keys that no database has. */
export class CreateEntries1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE entry (
        id          uuid PRIMARY KEY,
        account_id  uuid NOT NULL,
        key_id      uuid,
        kind        text NOT NULL CHECK (kind IN ('answer', 'response')),
        address     bytea NOT NULL CHECK (length(address) = 32),
        parts       smallint NOT NULL CHECK (parts > 0),
        bytes       bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
        -- All parts are there: before that nobody reads it.
        complete    boolean NOT NULL DEFAULT false,
        created_at  timestamptz NOT NULL DEFAULT now(),
        expires_at  timestamptz NOT NULL
      );
      CREATE UNIQUE INDEX entry_address ON entry (account_id, kind, address) WHERE complete;
      -- What an account has, and what of it is oldest.
      CREATE INDEX entry_of_account ON entry (account_id, created_at) INCLUDE (kind, bytes);
      CREATE INDEX entry_expiry ON entry (expires_at);
      CREATE INDEX entry_unfinished ON entry (created_at) WHERE NOT complete;

      CREATE TABLE part (
        entry_id  uuid NOT NULL REFERENCES entry ON DELETE CASCADE,
        number    smallint NOT NULL CHECK (number >= 0),
        sealed    bytea NOT NULL,
        PRIMARY KEY (entry_id, number)
      );
      -- Ciphertext does not shrink: trying to compress it is for nothing.
      ALTER TABLE part ALTER COLUMN sealed SET STORAGE EXTERNAL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE part, entry');
  }
}
