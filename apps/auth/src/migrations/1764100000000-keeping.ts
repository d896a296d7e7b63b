import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the owner of a key lets be kept of its requests and answers: nothing, until somebody says so. */
export class Keeping1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_key
        ADD COLUMN cache_enabled boolean,
        ADD COLUMN cache_ttl_seconds integer CHECK (cache_ttl_seconds BETWEEN 1 AND 86400),
        ADD COLUMN store_responses boolean NOT NULL DEFAULT false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE api_key DROP COLUMN cache_enabled, DROP COLUMN cache_ttl_seconds, DROP COLUMN store_responses',
    );
  }
}
