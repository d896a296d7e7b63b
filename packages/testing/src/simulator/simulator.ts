import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fixturesDirectory } from '../fixtures.js';
import type { BookEntry } from './book.js';
import type { FaultOrder, ReplayOrder } from './control.js';
import { SimulatorServer } from './server.js';
import type { SimulatorServerOptions } from './server.js';

/** A running simulator, in this process or in one of its own. */
export interface Simulator {
  /** Base address without a trailing slash: OpenAI's base URL is `${url}/v1`. */
  readonly url: string;
  /** Process id of the child; this process' own when it runs inside. */
  readonly pid: number;
  book(): Promise<readonly BookEntry[]>;
  clearBook(): Promise<void>;
  fault(order: FaultOrder): Promise<void>;
  /** Takes back the orders for a model, or all. */
  clearFaults(model?: string): Promise<void>;
  replay(order: ReplayOrder): Promise<void>;
  stop(): Promise<void>;
}

export type SimulatorOptions = Partial<Omit<SimulatorServerOptions, 'control'>>;

const START_TIMEOUT_MS = 10_000;

/** Starts a simulator inside this process. Tokens come as fast as possible unless a pace is given. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const server = new SimulatorServer({
    host: '127.0.0.1',
    port: 0,
    tokensPerSecond: 0,
    fixtures: fixturesDirectory(),
    ...options,
    control: true,
  });
  const url = await server.start();
  return {
    url,
    pid: process.pid,
    book: async () => server.book.list(),
    clearBook: async () => server.book.clear(),
    fault: async (order) => server.control.orderFault(order),
    clearFaults: async (model) => server.control.clearFaults(model),
    replay: async (order) => server.control.orderReplay(order),
    stop: () => server.stop(),
  };
}

/** Starts a simulator as a child process: its own event loop, so that its times and sockets are honest. Ends with this process. */
export async function spawnSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const fixtures = options.fixtures === undefined ? fixturesDirectory() : options.fixtures;
  const child = fork(mainPath(), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: String(options.port ?? 0),
      HOST: options.host ?? '127.0.0.1',
      SIMULATOR_TOKENS_PER_SECOND: String(options.tokensPerSecond ?? 0),
      SIMULATOR_CONTROL: '1',
      SIMULATOR_ANY_MODEL: options.anyModel ? '1' : '0',
      ...(fixtures !== null && { SWITCHYARD_FIXTURES: fixtures }),
    },
  });
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) })) as [
    { url: string },
  ];
  const call = controlOf(message.url);
  return {
    url: message.url,
    pid: child.pid ?? 0,
    book: async () => ((await call('GET', 'book')) as { entries: BookEntry[] }).entries,
    clearBook: async () => void (await call('DELETE', 'book')),
    fault: async (order) => void (await call('POST', 'fault', order)),
    clearFaults: async (model) => void (await call('DELETE', 'fault', { model })),
    replay: async (order) => void (await call('POST', 'replay', order)),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The built entry point, from the sources (tests of this package) or from the build. */
function mainPath(): string {
  const beside = fileURLToPath(new URL('./main.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/simulator/main.js', import.meta.url));
}

const controlOf = (url: string) => async (method: string, name: string, body?: object) => {
  const response = await fetch(`${url}/_control/${name}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`simulator refused ${method} ${name}: ${JSON.stringify(answer)}`);
  return answer;
};
