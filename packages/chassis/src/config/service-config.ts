import { describeServers } from '@switchyard/bus';
import { hostname } from 'node:os';
import { z } from 'zod';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'log', 'debug', 'verbose'] as const;

function isServerList(text: string): boolean {
  try {
    describeServers(text);
    return true;
  } catch {
    return false;
  }
}

/** The variables that every service reads: `loadConfig(z.object({ ...serviceConfig, OWN: … }))`. */
export const serviceConfig = {
  NATS_URL: z
    .string()
    .refine(isServerList, 'is not the address of a NATS server')
    .describe('nats://host:port, several separated by commas'),
  /** Loopback unless said otherwise: probes and metrics are nobody else's business. */
  HTTP_HOST: z.string().default('127.0.0.1').describe('an address to listen on'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080).describe('a port, 0 for any free one'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  /** Tells the replicas of a service apart in logs and metrics. */
  SERVICE_INSTANCE: z.string().default(() => `${hostname()}-${process.pid}`),
} as const;

export type LogLevelName = (typeof LOG_LEVELS)[number];
