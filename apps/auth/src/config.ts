import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { KeyPepper } from '@switchyard/contracts';
import { z } from 'zod';

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** What the running service reads from its environment; every variable may also be given as `NAME_FILE`. */
export const loadAuthConfig = (env?: NodeJS.ProcessEnv) =>
  loadConfig(z.object({ ...serviceConfig, DATABASE_URL: databaseUrl, KEY_PEPPER: KeyPepper }), env);

/** What `migrate` reads: the owner's url, and the service's own, whose user and password become the role. */
export const loadMigrationConfig = (env?: NodeJS.ProcessEnv) =>
  loadConfig(z.object({ MIGRATION_DATABASE_URL: databaseUrl, DATABASE_URL: databaseUrl }), env);
