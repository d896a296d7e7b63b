import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { z } from 'zod';

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });
const flag = z.enum(['on', 'off']).default('off');

/** What the running service reads from its environment; every variable may also be given as `NAME_FILE`. */
export const loadRegistryConfig = (env?: NodeJS.ProcessEnv) =>
  loadConfig(z.object({ ...serviceConfig, DATABASE_URL: databaseUrl }), env);

/** What `migrate` reads. It also brings the catalogue to what the data files say. */
export const loadMigrationConfig = (env?: NodeJS.ProcessEnv) =>
  loadConfig(
    z.object({
      MIGRATION_DATABASE_URL: databaseUrl,
      DATABASE_URL: databaseUrl,
      /** Also the invented models of the sandbox, which runs inside the gateway. */
      SANDBOX: flag,
      /** Takes tenfold jumps of prices in the data files as meant. */
      CATALOGUE_FORCE: flag,
      /** Models of a self-hosted server as JSON; given as a file by LOCAL_MODELS_FILE. */
      LOCAL_MODELS: z.string().optional(),
    }),
    env,
  );
