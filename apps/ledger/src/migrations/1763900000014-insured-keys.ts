import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the keys of a day of which many generations came to nothing, without a walk through all keys. */
export class LedgerInsuredKeys1763900000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(INDEX);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

// The condition keeps nearly every key out of it, so that booking usage does not write to one more index.
const INDEX = `
CREATE INDEX key_spend_insured ON key_spend (day) WHERE insured >= 20;`;
