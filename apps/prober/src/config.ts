import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { z } from 'zod';

const seconds = (fallback: number) => z.coerce.number().positive().max(86_400).default(fallback);

const proberConfig = z.object({
  ...serviceConfig,
  /** An ejection lasts so long times its number, at most `MAX_EJECTION_SECONDS`. The edges have the same setting. */
  EJECTION_SECONDS: seconds(30),
  MAX_EJECTION_SECONDS: seconds(300),
  /** Ask endpoints that are out whether they are back. `free`: only where every price is zero, so that it costs nobody anything. */
  ACTIVE_PROBES: z.enum(['off', 'free']).default('off'),
  /** An endpoint that is out is asked at most once in this time. */
  PROBE_INTERVAL_SECONDS: seconds(30),
});

/** What the service reads from its environment; every variable may also be given as `NAME_FILE`. */
export const loadProberConfig = (env?: NodeJS.ProcessEnv) => loadConfig(proberConfig, env);
