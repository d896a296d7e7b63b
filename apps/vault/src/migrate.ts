import { migrate, roleOf } from '@switchyard/database';
import { loadMigrationConfig } from './config.js';
import { MIGRATIONS, SCHEMA } from './schema.js';

const config = loadMigrationConfig();
const executed = await migrate({
  url: config.MIGRATION_DATABASE_URL,
  schema: SCHEMA,
  migrations: MIGRATIONS,
  role: roleOf(config.DATABASE_URL),
});
process.stdout.write(`vault: ${executed.length} migrations\n`);
