import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isConfigured, providers, variablesOf } from '@switchyard/providers';
import { heapArguments } from './heaps.js';
import type { ProcessDefinition } from './managed-process.js';
import type { Secrets } from './secrets.js';

/** Variables that every process may see; nothing else of the environment is passed on, above all no provider's key. */
const PASSED_ON =
  /^(PATH|HOME|LANG|TZ|TMPDIR|LOG_LEVEL|OTEL_.*|NODE_EXTRA_CA_CERTS|SWITCHYARD_FIXTURES|NODE_ENV|NODE_OPTIONS)$/;

/** Settings that are a service's own. */
const OWN_SETTINGS: Readonly<Record<string, RegExp>> = {
  edge: /^(EDGE_ID|EJECTION_SECONDS|TRUSTED_PROXIES|DATA_CONNECTIONS|KEEP_ALIVE_MS|SLOW_CLIENT_MS|DEFAULT_HOLD|OPEN_DEPOSITS|RECEIPT_RETIRED_KEYS|(MAX|CACHE|RESPONSE|ATTEMPT|UPSTREAM|KEY_MISS|KEY_MISSES|SHUTDOWN)_[A-Z_]+)$/,
  vault: /^VAULT_(ACCOUNT_BYTES|SWEEP_MS)$/,
  worker: /^(WORKER_[A-Z_]+|UPSTREAM_CONNECTIONS|ALLOW_INSECURE_UPSTREAM)$/,
  prober: /^((MAX_)?EJECTION_SECONDS|ACTIVE_PROBES|PROBE_INTERVAL_SECONDS)$/,
  ledger:
    /^((LEDGER|LEASE|AUDIT|DEPOSIT|STRIPE|FREE|AUTO_TOP_UP|PROMO)_[A-Z_]+|(ESTIMATE|USAGE_ACK)_WAIT_MS|SWEEP_INTERVAL_MS|GRANT_DESPITE_VIOLATIONS)$/,
};

/** On one machine nobody has to look away first, and Ctrl-C should not take minutes. */
const QUICK_SHUTDOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  edge: { SHUTDOWN_DELAY_MS: '0', SHUTDOWN_TIMEOUT_MS: '10000' },
  worker: { WORKER_DRAIN_SECONDS: '10' },
};

export interface Surroundings {
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly natsUrl: string;
  readonly databaseUrlOf: (service: DatabaseService) => string;
  readonly sandboxUrl: string;
  /** Where edges keep what outlives them. */
  readonly edgeStateDirectory: string;
  /** File with the models of an own server, if there is one. */
  readonly localModelsFile: string | null;
}

export type DatabaseService = 'auth' | 'ledger' | 'registry' | 'vault';
export const DATABASE_SERVICES: readonly DatabaseService[] = ['ledger', 'auth', 'registry', 'vault'];

const pick = (environment: Readonly<Record<string, string>>, pattern: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => pattern.test(name)));

/**
 * What every process gets. Compiled code of all modules is kept between starts, because eight processes that parse the same
 * libraries are what a start takes.
 */
const common = (around: Surroundings): Record<string, string> => ({
  ...pick(around.environment, PASSED_ON),
  NODE_COMPILE_CACHE: path.join(around.root, '.cache/compile'),
});

/** The environment of a service: what all get, its own settings, its address. */
function environmentOf(around: Surroundings, service: string, name: string, port: number): Record<string, string> {
  const own = OWN_SETTINGS[service];
  return {
    ...common(around),
    ...QUICK_SHUTDOWN[service],
    ...(own && pick(around.environment, own)),
    NATS_URL: around.natsUrl,
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(port),
    SERVICE_INSTANCE: name,
    OTEL_SERVICE_NAME: `switchyard-${service}`,
  };
}

const scriptOf = (around: Surroundings, app: string, file = 'main.js'): string =>
  path.join(around.root, 'apps', app, 'dist', file);

/** `node --import` of the telemetry set-up, which loads nothing while no exporter is configured. */
const telemetry = (around: Surroundings): string[] => [
  '--import',
  path.join(around.root, 'packages/telemetry/dist/register.js'),
];

export function serviceDefinition(
  around: Surroundings,
  service: string,
  options: { name?: string; port: number; env?: Readonly<Record<string, string>> },
): ProcessDefinition {
  const name = options.name ?? service;
  const database = DATABASE_SERVICES.find((known) => known === service);
  return {
    name,
    script: scriptOf(around, service),
    nodeArguments: [...heapArguments(service), ...telemetry(around)],
    url: `http://127.0.0.1:${options.port}`,
    env: {
      ...environmentOf(around, service, name, options.port),
      ...(database && { DATABASE_URL: around.databaseUrlOf(database) }),
      ...((service === 'auth' || service === 'edge') && { KEY_PEPPER: around.secrets.keyPepper }),
      ...((service === 'ledger' || service === 'edge') && { TICKET_SECRET: around.secrets.ticketSecret }),
      ...(service === 'edge' && {
        EDGE_STATE_DIR: around.edgeStateDirectory,
        RECEIPT_KEY: around.secrets.receiptKey,
        VAULT_SECRET: around.secrets.vaultSecret,
      }),
      ...options.env,
    },
  };
}

/** The sandbox's upstream: an HTTP server of its own, as a provider would be. */
export const sandboxUpstream = (around: Surroundings, port: number): ProcessDefinition => ({
  name: 'sandbox-upstream',
  script: path.join(around.root, 'packages/testing/dist/simulator/main.js'),
  nodeArguments: heapArguments('sandbox'),
  env: {
    ...common(around),
    ...pick(around.environment, /^SIMULATOR_/),
    HOST: '127.0.0.1',
    PORT: String(port),
  },
});

const variablePrefix = (provider: string): string => provider.toUpperCase().replaceAll('-', '_');

/** The providers that can be served: the sandbox, and each whose key (or what it signs with, or an own server's address) is in the environment. */
export function configuredProviders(environment: Readonly<Record<string, string>>): string[] {
  return [...providers.values()]
    .filter((provider) => provider.id === 'sandbox' || isConfigured(provider, environment))
    .map((provider) => provider.id);
}

/** Variables that a provider shares with its own tools (`AWS_REGION`), each directly or as a file. */
function namesOf(id: string): string {
  const provider = providers.get(id);
  return provider ? `(?:${variablesOf(provider).join('|')})(?:_FILE)?` : '';
}

export function workerDefinition(
  around: Surroundings,
  provider: string,
  options: { name: string; port: number; env?: Readonly<Record<string, string>> },
): ProcessDefinition {
  return {
    name: options.name,
    script: scriptOf(around, 'worker'),
    nodeArguments: telemetry(around),
    url: `http://127.0.0.1:${options.port}`,
    env: {
      ...environmentOf(around, 'worker', options.name, options.port),
      PROVIDER: provider,
      ...pick(around.environment, new RegExp(`^(?:${variablePrefix(provider)}_.*|${namesOf(provider)})$`)),
      ...(provider === 'sandbox' && { SANDBOX_BASE_URL: `${around.sandboxUrl}/v1` }),
      ...options.env,
    },
  };
}

/** Commands that run once before the services: schemas, roles, seed, streams and buckets. */
export function setupCommands(
  around: Surroundings,
  ownerUrl: string,
  services: readonly DatabaseService[] = DATABASE_SERVICES,
): readonly ProcessDefinition[] {
  const migrations = services.map((service) => ({
    name: `migrate-${service}`,
    script: scriptOf(around, service, 'migrate.js'),
    env: {
      ...common(around),
      MIGRATION_DATABASE_URL: ownerUrl,
      DATABASE_URL: around.databaseUrlOf(service),
      ...(service === 'registry' && { ...pick(around.environment, /^CATALOGUE_FORCE$/), SANDBOX: 'on' }),
      ...(service === 'registry' && around.localModelsFile !== null && { LOCAL_MODELS_FILE: around.localModelsFile }),
    },
  }));
  const topology = {
    name: 'topology',
    script: path.join(around.root, 'packages/bus/dist/topology-command.js'),
    env: {
      ...common(around),
      NATS_URL: around.natsUrl,
    },
  };
  return [...migrations, topology];
}

/** Whether the services were built: the runner's first check, for a clear message. */
export function missingBuilds(root: string): string[] {
  return readdirSync(path.join(root, 'apps')).filter((app) => {
    try {
      return !readdirSync(path.join(root, 'apps', app, 'dist')).includes('main.js');
    } catch {
      return true;
    }
  });
}
