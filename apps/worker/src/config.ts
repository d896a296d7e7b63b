import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { completeBaseUrl, providers } from '@switchyard/providers';
import type { Provider } from '@switchyard/providers';
import { z } from 'zod';

/** Settings of a worker process, with its provider looked up. */
export interface WorkerConfig {
  readonly provider: Provider;
  readonly baseUrl: string;
  /** null: the provider needs none. Never logged, never part of an error. */
  readonly apiKey: string | null;
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

/** The variables of a provider, named after it: `OPENAI_BASE_URL`, `OPENAI_API_KEY`. */
function variablesOf(provider: Provider, insecure: boolean): Record<string, z.ZodType> {
  const baseUrl = z
    .url({ protocol: /^https?$/ })
    .refine((text) => insecure || !sendsKeyInClear(provider, text), {
      message: 'must be https, because the key travels to it (ALLOW_INSECURE_UPSTREAM=1 lifts that)',
    })
    .describe('an http(s) address');
  const apiKey = z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[\x21-\x7e]+$/, 'has characters that no header can carry');
  return {
    [provider.baseUrlVariable]: provider.baseUrl === null ? baseUrl : baseUrl.default(provider.baseUrl),
    [provider.apiKeyVariable]: provider.keyRequired
      ? apiKey.describe(`the API key of ${provider.name}`)
      : apiKey.optional(),
  };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const sendsKeyInClear = ({ keyRequired }: Provider, text: string): boolean => {
  const url = URL.parse(text);
  return keyRequired && url?.protocol === 'http:' && !LOOPBACK.has(url.hostname);
};

/** Reads the environment; ends the process with one line for each bad variable. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  // Which variables there are depends on the provider, so it is looked at first; an unknown one is reported with the rest.
  const named = providers.get(environment['PROVIDER'] ?? '');
  const insecure = environment['ALLOW_INSECURE_UPSTREAM'] === '1';
  const schema = z.object({ ...common, ...(named && variablesOf(named, insecure)) });
  const values = loadConfig(schema, environment);
  const provider = named ?? providers.get(values.PROVIDER);
  if (!provider) throw new Error(`unknown provider ${values.PROVIDER}`);
  const own: Readonly<Record<string, unknown>> = named
    ? values
    : loadConfig(z.object(variablesOf(provider, insecure)), environment);
  return Object.freeze({
    provider,
    baseUrl: completeBaseUrl(provider, own[provider.baseUrlVariable] as string),
    apiKey: (own[provider.apiKeyVariable] as string | undefined) ?? null,
    capacity: values.WORKER_CAPACITY,
    upstreamConnections: values.UPSTREAM_CONNECTIONS,
    drainMs: values.WORKER_DRAIN_SECONDS * 1000,
    httpHost: values.HTTP_HOST,
    httpPort: values.HTTP_PORT,
    natsUrl: values.NATS_URL,
    logLevel: values.LOG_LEVEL,
  });
}

/** Injection token of {@link WorkerConfig}. */
export const WORKER_CONFIG = Symbol('worker.config');
