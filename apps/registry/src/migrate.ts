import { migrate, roleOf } from '@switchyard/database';
import { loadMigrationConfig } from './config.js';
import { MIGRATIONS, SCHEMA } from './schema.js';
import { DataError } from './seed/data-error.js';
import { seedCatalogue } from './seed/seed-catalogue.js';

const CONFIGURATION_ERROR = 78;

const config = loadMigrationConfig();
const executed = await migrate({
  url: config.MIGRATION_DATABASE_URL,
  schema: SCHEMA,
  migrations: MIGRATIONS,
  role: roleOf(config.DATABASE_URL),
});
try {
  const { data, local } = await seedCatalogue({
    databaseUrl: config.DATABASE_URL,
    sandbox: config.SANDBOX === 'on',
    force: config.CATALOGUE_FORCE === 'on',
    localModels: config.LOCAL_MODELS,
  });
  process.stdout.write(
    `registry: ${executed.length} migrations, ${data.written + local.written} models written, ` +
      `${data.unchanged + local.unchanged} unchanged, ${data.removed + local.removed} removed, ${data.kept} left to operators\n`,
  );
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  process.stderr.write(`registry: ${error.message}\n`);
  process.exitCode = CONFIGURATION_ERROR;
}
