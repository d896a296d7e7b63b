import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Budgets of accounts, workspaces and users; slugs of workspaces; the account that runs the installation. */
export class Budgets1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE account ADD COLUMN operator boolean NOT NULL DEFAULT false;
      -- The first account of an installation is its operator, and there is never a second one.
      CREATE UNIQUE INDEX account_operator ON account (operator) WHERE operator;
      UPDATE account SET operator = true WHERE id = (SELECT id FROM account ORDER BY created_at, id LIMIT 1);

      ALTER TABLE workspace
        ADD COLUMN slug text CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 64),
        ADD COLUMN include_byok_in_budgets boolean NOT NULL DEFAULT false,
        ADD COLUMN updated_at timestamptz;
      UPDATE workspace SET slug = CASE WHEN is_default THEN 'default' ELSE 'workspace-' || id END;
      ALTER TABLE workspace ALTER COLUMN slug SET NOT NULL;
      CREATE UNIQUE INDEX workspace_slug ON workspace (account_id, slug);

      CREATE TABLE budget (
        id            uuid PRIMARY KEY,
        account_id    uuid NOT NULL REFERENCES account,
        kind          text NOT NULL CHECK (kind IN ('account', 'workspace', 'user')),
        workspace_id  uuid,
        user_id       text CHECK (length(user_id) BETWEEN 1 AND 200),
        -- What the ledger counts under. It follows from the owner, so a budget that is set anew goes on where it was.
        scope_id      uuid NOT NULL,
        period        text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'total')),
        cap_nanos     bigint NOT NULL CHECK (cap_nanos > 0),
        created_at    timestamptz NOT NULL DEFAULT now(),
        updated_at    timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (account_id, workspace_id) REFERENCES workspace (account_id, id),
        CHECK ((kind = 'workspace') = (workspace_id IS NOT NULL)),
        CHECK ((kind = 'user') = (user_id IS NOT NULL)),
        CONSTRAINT budget_of_owner UNIQUE (account_id, scope_id, period)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE budget;
      ALTER TABLE workspace DROP COLUMN slug, DROP COLUMN include_byok_in_budgets, DROP COLUMN updated_at;
      ALTER TABLE account DROP COLUMN operator;
    `);
  }
}
