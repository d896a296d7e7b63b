import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What requests are routed under: settled for a workspace or for one key. */
export class Routing1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workspace ADD COLUMN routing jsonb CHECK (jsonb_typeof(routing) = 'object');
      ALTER TABLE api_key ADD COLUMN routing jsonb CHECK (jsonb_typeof(routing) = 'object');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_key DROP COLUMN routing;
      ALTER TABLE workspace DROP COLUMN routing;
    `);
  }
}
