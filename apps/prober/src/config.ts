import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { z } from 'zod';

/** What the service reads from its environment; every variable may also be given as `NAME_FILE`. */
export const loadProberConfig = (env?: NodeJS.ProcessEnv) => loadConfig(z.object({ ...serviceConfig }), env);
