import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStack, type ManagedProcess, type Stack, type StackOptions } from '@switchyard/local';
import {
  spawnSimulator,
  startNatsServer,
  startPostgres,
  type BookEntry,
  type Simulator,
  type TestNats,
  type TestPostgres,
} from '@switchyard/testing';
import { Books } from './books.js';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** Times that are short enough to be waited for: everything else is as in production. */
export const SHORT_TIMES = { leaseTtlMs: 6_000, leaseGraceMs: 3_000, estimateWaitMs: 2_000 } as const;

/** Stops billing when its connection is closed; the model is made up. */
export const CLASS_A_MODEL = 'sandbox/echo';
/** Bills in full whatever the client does, so that a cancelled answer is read to its end. */
export const CLASS_B_MODEL = 'meta-llama/llama-4-scout';

/** The whole system with servers that the test can hurt: nobody starts them again but the test. */
export interface FaultStack extends Stack {
  readonly postgres: TestPostgres;
  readonly broker: TestNats;
  /** Upstream of the provider that bills in full. */
  readonly upstream: Simulator;
  readonly books: Books;
  /** All requests that reached a provider, of both. */
  upstreamBook(): Promise<readonly BookEntry[]>;
  /** A running process by its name. @throws Error when it does not run */
  process(name: string): ManagedProcess;
  /** Sends a signal to a process by its name and answers its pid. */
  signal(name: string, signal: NodeJS.Signals): number;
  /** Stops a process for a while, as a frozen machine does, and lets it go on. */
  freeze(name: string, ms: number): Promise<void>;
}

export interface FaultStackOptions extends Partial<Pick<StackOptions, 'edges' | 'workers' | 'environment'>> {
  /** Environment of single processes by name; `ledger` and `edge` on top of the short times. */
  readonly overrides?: StackOptions['overrides'];
  /** What the services get instead of the addresses of PostgreSQL and the broker, e.g. of a proxy. */
  readonly through?: (addresses: { databaseUrl: string; natsUrl: string }) => Promise<{
    databaseUrl?: string;
    natsUrl?: string;
    overrides?: StackOptions['overrides'];
  }>;
}

/** Two edges, two providers with two workers each, their own books, and real servers. */
export async function startFaultStack(options: FaultStackOptions = {}): Promise<FaultStack> {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-faults-'));
  const [postgres, broker, upstream] = await Promise.all([
    startPostgres(),
    startNatsServer(),
    spawnSimulator({ tokensPerSecond: 0, anyModel: true }),
  ]);
  const stopServers = () => Promise.all([postgres.stop(), broker.stop(), upstream.stop()]);
  const lines: string[] = [];
  const { PATH = '', HOME = '' } = process.env;
  let stack: Stack;
  try {
    const direct = { databaseUrl: postgres.url, natsUrl: broker.url };
    const bent = { ...direct, ...(await options.through?.(direct)) };
    stack = await startStack({
      root: ROOT,
      dataDirectory,
      port: 0,
      edges: options.edges ?? 2,
      workers: options.workers ?? 2,
      progress: (line) => lines.push(line),
      overrides: merged(
        {
          ledger: { ESTIMATE_WAIT_MS: String(SHORT_TIMES.estimateWaitMs), SWEEP_INTERVAL_MS: '500' },
        },
        bent.overrides,
        options.overrides,
      ),
      environment: {
        PATH,
        HOME,
        DATABASE_URL: bent.databaseUrl,
        NATS_URL: bent.natsUrl,
        GROQ_API_KEY: 'upstream-groq',
        GROQ_BASE_URL: `${upstream.url}/v1`,
        SIMULATOR_CONTROL: '1',
        SIMULATOR_TOKENS_PER_SECOND: '0',
        LEASE_TTL_MS: String(SHORT_TIMES.leaseTtlMs),
        LEASE_GRACE_MS: String(SHORT_TIMES.leaseGraceMs),
        AUDIT_INTERVAL_MS: '2000',
        // On a busy machine an edge sheds load, which is another test's matter: here every refusal must have its reason in the fault.
        MAX_LOOP_LAG_MS: '10000',
        KEY_MISSES_PER_SECOND: '10000',
        KEY_MISS_BURST: '10000',
        ...options.environment,
      },
    });
  } catch (error) {
    await stopServers();
    throw new Error(`the stack did not start after:\n${lines.join('\n')}`, { cause: error });
  }
  const books = await Books.open(postgres.url);
  const running = (name: string): ManagedProcess => {
    const found = stack.processes.findLast((managed) => managed.name === name && managed.pid !== null);
    if (!found) throw new Error(`no process ${name} is running`);
    return found;
  };
  const signal = (name: string, wanted: NodeJS.Signals): number => {
    const { pid } = running(name);
    if (pid === null) throw new Error(`no process ${name} is running`);
    process.kill(pid, wanted);
    return pid;
  };
  return {
    ...stack,
    postgres,
    broker,
    upstream,
    books,
    process: running,
    signal,
    async upstreamBook() {
      const response = await fetch(`${stack.sandboxUrl}/_control/book`);
      const { entries } = (await response.json()) as { entries: BookEntry[] };
      return [...entries, ...(await upstream.book())];
    },
    async freeze(name, ms) {
      const pid = signal(name, 'SIGSTOP');
      await sleep(ms);
      process.kill(pid, 'SIGCONT');
    },
    async stop() {
      await books.close();
      await stack.stop();
      await stopServers();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

type Overrides = NonNullable<StackOptions['overrides']>;

function merged(...parts: (Overrides | undefined)[]): Overrides {
  const all: Record<string, Readonly<Record<string, string>>> = {};
  for (const part of parts) for (const [name, env] of Object.entries(part ?? {})) all[name] = { ...all[name], ...env };
  return all;
}
