import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { providers } from '@switchyard/providers';
import type { Provider } from '@switchyard/providers';
import { z } from 'zod';
import { singleKey } from './authorization/upstream-key.js';
import type { UpstreamKey } from './authorization/upstream-key.js';
import { baseUrlOf, settingsIn, variablesOf } from './provider-variables.js';

/** Settings of a worker process, with its provider looked up. */
export interface WorkerConfig {
  readonly provider: Provider;
  readonly baseUrl: string;
  /** In the order in which they are used. Empty: the provider needs none, or its requests are signed. Never logged, never part of an error. */
  readonly keys: readonly UpstreamKey[];
  /** The provider's settings by name, as far as they are given: parts of its address, credentials for signatures. */
  readonly settings: Readonly<Record<string, string>>;
  /** Streams at a time. */
  readonly capacity: number;
  /** Connections to the provider at a time. */
  readonly upstreamConnections: number;
  /** How long running streams may go on after SIGTERM. */
  readonly drainMs: number;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly natsUrl: string;
  readonly logLevel: z.output<(typeof serviceConfig)['LOG_LEVEL']>;
}

const common = {
  ...serviceConfig,
  PROVIDER: z.enum([...providers.keys()]).describe(`one of ${[...providers.keys()].join(', ')}`),
  WORKER_CAPACITY: z.coerce.number().int().min(1).max(100_000).default(1000).describe('streams at a time'),
  UPSTREAM_CONNECTIONS: z.coerce.number().int().min(1).max(100_000).default(1024).describe('connections at a time'),
  WORKER_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3600).default(600).describe('seconds'),
  ALLOW_INSECURE_UPSTREAM: z.enum(['0', '1']).default('0'),
} as const;

/** Reads the environment; ends the process with one line for each bad variable. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  // Which variables there are depends on the provider, so it is looked at first; an unknown one is reported with the rest.
  const named = providers.get(environment['PROVIDER'] ?? '');
  const schema = z.object({ ...common, ...(named && variablesOf(named, environment)) });
  const values = loadConfig(schema, environment);
  const provider = named ?? providers.get(values.PROVIDER);
  if (!provider) throw new Error(`unknown provider ${values.PROVIDER}`);
  const own: Readonly<Record<string, unknown>> = named
    ? values
    : loadConfig(z.object(variablesOf(provider, environment)), environment);
  const settings = settingsIn(provider, own);
  const configured = own[provider.baseUrlVariable] as string | undefined;
  return Object.freeze({
    provider,
    baseUrl: baseUrlOf(provider, configured, settings),
    keys: keysIn(provider, own),
    settings,
    capacity: values.WORKER_CAPACITY,
    upstreamConnections: values.UPSTREAM_CONNECTIONS,
    drainMs: values.WORKER_DRAIN_SECONDS * 1000,
    httpHost: values.HTTP_HOST,
    httpPort: values.HTTP_PORT,
    natsUrl: values.NATS_URL,
    logLevel: values.LOG_LEVEL,
  });
}

/** The one key, and behind it those of the list. */
function keysIn(provider: Provider, values: Readonly<Record<string, unknown>>): readonly UpstreamKey[] {
  const one = values[provider.apiKeyVariable] as string | undefined;
  const more = values[provider.apiKeysVariable] as readonly UpstreamKey[] | undefined;
  return [...(one === undefined ? [] : [singleKey(one)]), ...(more ?? [])];
}

/** Injection token of {@link WorkerConfig}. */
export const WORKER_CONFIG = Symbol('worker.config');
