import 'reflect-metadata';
import { migrate, roleOf } from '@switchyard/database';
import { migrationConfig } from './config.js';
import { LEDGER_SCHEMA, ledgerFunctions, migrations } from './migrations/index.js';

const config = migrationConfig();
const executed = await migrate({
  url: config.MIGRATION_DATABASE_URL,
  schema: LEDGER_SCHEMA,
  migrations,
  role: { ...roleOf(config.DATABASE_URL), tables: 'read', functions: ledgerFunctions },
});
console.log(`ledger: ${executed.length === 0 ? 'nothing to migrate' : `migrated ${executed.join(', ')}`}`);
