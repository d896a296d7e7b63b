import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeOutage } from '../money/client-check.js';
import type { FaultStack } from '../money/fault-stack.js';
import type { Random } from '../money/random.js';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** One fault of the list: what it does, and which edges were away because of it. */
export interface Blow {
  readonly name: string;
  strike(stack: FaultStack, random: Random): Promise<readonly EdgeOutage[]>;
}

const BOTH_EDGES = ['edge', 'edge-2'] as const;
const WORKERS = ['worker-sandbox-1', 'worker-sandbox-2', 'worker-groq-1', 'worker-groq-2'] as const;

/** Waits until a process of this name runs and says that it is ready. @throws Error after a minute */
export async function untilReady(stack: FaultStack, name: string, otherThan?: number): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const found = stack.processes.findLast((managed) => managed.name === name && managed.pid !== null);
    const url = found?.definition.url;
    if (found && found.pid !== otherThan && (!url || (await isReady(url)))) return;
    if (performance.now() > deadlineMs) throw new Error(`${name} did not come back:\n${found?.logTail() ?? ''}`);
    await sleep(POLL_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Ends a process with a signal and waits for the one that is started in its place. */
async function replaced(
  stack: FaultStack,
  name: string,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<readonly EdgeOutage[]> {
  const fromMs = performance.now();
  const pid = stack.signal(name, signal);
  await untilReady(stack, name, pid);
  const edge = BOTH_EDGES.findIndex((known) => known === name);
  if (edge === -1) return [];
  const kind = signal === 'SIGKILL' ? 'killed' : 'stopping';
  return [{ edge, kind, fromMs, untilMs: performance.now() }];
}

async function frozen(stack: FaultStack, name: string, ms: number): Promise<readonly EdgeOutage[]> {
  await stack.freeze(name, ms);
  await untilReady(stack, name);
  return [];
}

const serviceBlows = (what: string, names: readonly string[], mostFrozenMs: number): Blow[] => [
  { name: `kill -9 ${what}`, strike: (stack, random) => replaced(stack, random.pick(names), 'SIGKILL') },
  {
    name: `freeze ${what}`,
    strike: (stack, random) => frozen(stack, random.pick(names), random.int(500, mostFrozenMs)),
  },
  { name: `SIGTERM ${what}`, strike: (stack, random) => replaced(stack, random.pick(names), 'SIGTERM') },
];

const none = async (work: Promise<unknown>): Promise<readonly EdgeOutage[]> => {
  await work;
  return [];
};

/** What happens to the database and the broker. */
export const SERVER_BLOWS: readonly Blow[] = [
  {
    // What `pg_ctl restart -m immediate` sends: no checkpoint, recovery at the start.
    name: 'immediate restart of PostgreSQL',
    async strike({ postgres }) {
      await postgres.process.stop('SIGQUIT');
      return none(postgres.restart());
    },
  },
  {
    name: 'kill -9 PostgreSQL, away for a while',
    async strike({ postgres }, random) {
      await postgres.kill9();
      await sleep(random.int(500, 3_000));
      return none(postgres.restart());
    },
  },
  {
    name: 'kill -9 nats-server',
    async strike({ broker }, random) {
      await broker.kill9();
      await sleep(random.int(0, 1_500));
      return none(broker.start());
    },
  },
  {
    name: 'freeze nats-server',
    async strike({ broker }, random) {
      broker.process.signal('SIGSTOP');
      await sleep(random.int(300, 2_500));
      broker.process.signal('SIGCONT');
      return [];
    },
  },
  {
    name: 'SIGTERM nats-server',
    async strike({ broker }) {
      await broker.process.stop('SIGTERM');
      return none(broker.start());
    },
  },
];

/** What happens to our own processes. */
export const SERVICE_BLOWS: readonly Blow[] = [
  ...serviceBlows('ledger', ['ledger'], 4_000),
  ...serviceBlows('edge', BOTH_EDGES, 8_000),
  ...serviceBlows('worker', WORKERS, 8_000),
];
