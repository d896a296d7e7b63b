import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { z } from 'zod';

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

export const vaultConfig = z.object({
  ...serviceConfig,
  DATABASE_URL: databaseUrl,
  /** Most that an account may keep; what is oldest makes room. */
  VAULT_ACCOUNT_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(1024 * 1024 * 1024),
  /** From one removal of what is over to the next. */
  VAULT_SWEEP_MS: z.coerce.number().int().positive().default(60_000),
});

/** What the running service reads from its environment; every variable may also be given as `NAME_FILE`. */
export const loadVaultConfig = (env?: NodeJS.ProcessEnv) => loadConfig(vaultConfig, env);

/** What `migrate` reads: the owner's url, and the service's own, whose user and password become the role. */
export const loadMigrationConfig = (env?: NodeJS.ProcessEnv) =>
  loadConfig(z.object({ MIGRATION_DATABASE_URL: databaseUrl, DATABASE_URL: databaseUrl }), env);
