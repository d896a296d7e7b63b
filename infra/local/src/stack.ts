import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { freePort, isListening, reachableDirectory } from '@switchyard/testing';
import { ensureAccount, type LocalAccount } from './account.js';
import { LOCK_FILE, lockDataDirectory } from './data-lock.js';
import { startInfrastructure } from './infrastructure.js';
import { findLocalModels } from './local-models.js';
import { ManagedProcess, type ProcessDefinition } from './managed-process.js';
import { runOnce } from './one-shot.js';
import { UsageError } from './options.js';
import { loadSecrets } from './secrets.js';
import {
  DATABASE_SERVICES,
  configuredProviders,
  missingBuilds,
  sandboxUpstream,
  serviceDefinition,
  setupCommands,
  workerDefinition,
  type Surroundings,
} from './services.js';

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 15_000;

export interface StackOptions {
  readonly root: string;
  readonly dataDirectory: string;
  /** Port of the first edge; 0 for any free one. */
  readonly port: number;
  readonly fresh?: boolean;
  /** Worker processes per provider. */
  readonly workers: number;
  /** Edge processes; all but the first get free ports. */
  readonly edges?: number;
  /** Whether there is a vault for what accounts want to have kept; without one nothing is. True when absent. */
  readonly vault?: boolean;
  /** Settings of the installation: provider keys, base URLs, limits. */
  readonly environment: Readonly<Record<string, string>>;
  /** Environment of single processes by name, over everything else: how one of them gets another network or clock. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly progress: (line: string) => void;
}

export interface Stack {
  readonly baseUrl: string;
  readonly edgeUrls: readonly string[];
  readonly account: LocalAccount;
  readonly natsUrl: string;
  /** Superuser of the embedded PostgreSQL, or DATABASE_URL. */
  readonly databaseUrl: string;
  readonly sandboxUrl: string;
  readonly providers: readonly string[];
  readonly processes: readonly ManagedProcess[];
  services(): { name: string; pid: number; url?: string }[];
  /** Starts one more process of a service while the stack runs. */
  add(definition: (around: Surroundings, port: number) => ProcessDefinition): Promise<ManagedProcess>;
  stop(): Promise<void>;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

async function waitReady(managed: ManagedProcess): Promise<void> {
  const url = managed.definition.url;
  if (!url) return;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(url))) {
    if (managed.restarts >= 3 || performance.now() > deadline) {
      throw new Error(`${managed.name} did not become ready. The end of ${managed.logFile}:\n${managed.logTail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A URL with another user: each service has a database role of its own. */
function withRole(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = password;
  return url.href;
}

/** Removes the data of earlier runs, also what PostgreSQL had to keep elsewhere; the lock of this run stays. */
function forget(dataDirectory: string): void {
  const postgres = reachableDirectory(path.join(dataDirectory, 'postgres'));
  const kept = readdirSync(dataDirectory).filter((name) => name !== LOCK_FILE);
  for (const target of [postgres, `${postgres}.password`, ...kept.map((name) => path.join(dataDirectory, name))])
    rmSync(target, { recursive: true, force: true });
}

/**
 * Starts the whole system: servers, schemas, every service as a process of its own. Whatever fails stops what runs already.
 * @throws UsageError when the data directory is in use, the port is taken, or something is not built
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const unlock = lockDataDirectory(options.dataDirectory);
  try {
    const stack = await startLocked(options);
    return {
      ...stack,
      async stop() {
        await stack.stop();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startLocked(options: StackOptions): Promise<Stack> {
  const { root, dataDirectory, environment, progress } = options;
  const missing = missingBuilds(root);
  if (missing.length > 0) throw new UsageError(`not built: ${missing.join(', ')}. Run \`npm run setup\`.`);
  if (options.port !== 0 && (await isListening(options.port))) {
    throw new UsageError(
      `port ${options.port} is taken. Choose another one with --port N, or --port 0 for any free one.`,
    );
  }
  if (options.fresh) forget(dataDirectory);
  const logDirectory = path.join(dataDirectory, 'logs');
  mkdirSync(logDirectory, { recursive: true, mode: 0o700 });
  // PostgreSQL runs as another user than root and must be able to pass through; what is inside is closed by itself.
  if (process.getuid?.() === 0) chmodSync(dataDirectory, 0o711);

  const secrets = loadSecrets(dataDirectory);
  const infrastructure = await startInfrastructure({
    dataDirectory,
    secrets,
    databaseUrl: environment['DATABASE_URL'],
    natsUrl: environment['NATS_URL'],
    note: progress,
  });
  const processes: ManagedProcess[] = [];
  const state = { stopping: false };
  const stop = async () => {
    state.stopping = true;
    // The edges go first, so that running answers end while everything behind them still lives; the ledger goes last.
    const ranks = ['edge', 'worker', 'sandbox', 'prober', 'registry', 'vault', 'auth', 'ledger'];
    for (const rank of ranks) {
      await Promise.all(
        processes.filter(({ name }) => name.startsWith(rank)).map((managed) => managed.stop(STOP_GRACE_MS)),
      );
    }
    await infrastructure.stop();
  };

  try {
    progress('database and broker are up');
    const sandboxPort = await freePort();
    const around: Surroundings = {
      root,
      environment,
      secrets,
      natsUrl: infrastructure.natsUrl,
      databaseUrlOf: (service) =>
        withRole(infrastructure.ownerUrl, `${service}_app`, secrets.databasePasswords[service]),
      sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
      edgeStateDirectory: path.join(dataDirectory, 'edges'),
      localModelsFile: await findLocalModels({ root, dataDirectory, environment, note: progress }),
    };
    const vault = options.vault === false ? [] : ['vault'];
    const databases = DATABASE_SERVICES.filter((service) => service !== 'vault' || vault.length > 0);
    await Promise.all(setupCommands(around, infrastructure.ownerUrl, databases).map(runOnce));
    progress('schemas, catalogue and streams are in place');

    const launch = (definition: ProcessDefinition) => {
      const env = { ...definition.env, ...options.overrides?.[definition.name] };
      const managed = new ManagedProcess({ ...definition, env }, logDirectory, (event, { name }) => {
        if (event === 'died' && !state.stopping) progress(`${name} ended by itself; starting it again`);
      });
      processes.push(managed);
      managed.start();
      return managed;
    };
    const core = ['ledger', 'auth', 'registry', 'prober', ...vault];
    for (const service of core) launch(serviceDefinition(around, service, { port: await freePort() }));
    launch(sandboxUpstream(around, sandboxPort));
    const providerIds = configuredProviders(environment);
    for (const provider of providerIds) {
      for (let number = 1; number <= options.workers; number += 1) {
        launch(workerDefinition(around, provider, { name: `worker-${provider}-${number}`, port: await freePort() }));
      }
    }
    const edgeUrls: string[] = [];
    for (let number = 1; number <= (options.edges ?? 1); number += 1) {
      const port = number === 1 && options.port !== 0 ? options.port : await freePort();
      const name = number === 1 ? 'edge' : `edge-${number}`;
      edgeUrls.push(`http://127.0.0.1:${port}`);
      launch(serviceDefinition(around, 'edge', { name, port }));
    }
    await Promise.all(processes.map(waitReady));
    progress(`${processes.length} processes are ready`);
    const account = await ensureAccount(dataDirectory, infrastructure.natsUrl);

    return {
      baseUrl: `${edgeUrls[0]}/api/v1`,
      edgeUrls,
      account,
      natsUrl: infrastructure.natsUrl,
      databaseUrl: infrastructure.ownerUrl,
      sandboxUrl: around.sandboxUrl,
      providers: providerIds,
      processes,
      services: () => [
        ...infrastructure.servers(),
        ...processes.flatMap(({ name, pid, definition }) =>
          pid === null ? [] : [{ name, pid, ...(definition.url && { url: definition.url }) }],
        ),
      ],
      async add(definition) {
        const managed = launch(definition(around, await freePort()));
        await waitReady(managed);
        return managed;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
