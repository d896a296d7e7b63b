import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tenants, their keys, and the outbox that tells the edges about changed keys. */
export class CreateKeys1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        created_at  timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE workspace (
        id          uuid PRIMARY KEY,
        account_id  uuid NOT NULL REFERENCES account,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        is_default  boolean NOT NULL DEFAULT false,
        created_at  timestamptz NOT NULL DEFAULT now(),
        -- What a key refers to, so that a key cannot name another account's workspace.
        UNIQUE (account_id, id)
      );
      CREATE UNIQUE INDEX workspace_default ON workspace (account_id) WHERE is_default;

      CREATE TABLE api_key (
        id                    uuid PRIMARY KEY,
        digest                text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
        kind                  text NOT NULL CHECK (kind IN ('inference', 'management')),
        account_id            uuid NOT NULL,
        workspace_id          uuid NOT NULL,
        creator_user_id       text,
        name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        label                 text NOT NULL,
        disabled              boolean NOT NULL DEFAULT false,
        limit_nanos           numeric(19, 0) CHECK (limit_nanos >= 0),
        limit_reset           text CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
        include_byok_in_limit boolean NOT NULL DEFAULT false,
        external_user         text,
        expires_at            timestamptz,
        created_at            timestamptz NOT NULL DEFAULT now(),
        updated_at            timestamptz,
        last_used_at          timestamptz,
        revoked_at            timestamptz,
        version               integer NOT NULL DEFAULT 0,
        FOREIGN KEY (account_id, workspace_id) REFERENCES workspace (account_id, id)
      );
      CREATE UNIQUE INDEX api_key_digest ON api_key (digest);
      CREATE INDEX api_key_account ON api_key (account_id, kind, created_at DESC, id) WHERE revoked_at IS NULL;

      CREATE TABLE key_change (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest      text NOT NULL,
        key_id      uuid NOT NULL,
        version     integer NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE key_change, api_key, workspace, account');
  }
}
