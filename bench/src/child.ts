import { type ChildProcess, spawn } from 'node:child_process';
import { surroundings } from './config.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;

export interface Child {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the process listens, if it does not say so itself. */
  readonly port?: number;
}

/**
 * Starts a server and waits until it prints `listening <port>`, or, with a port, until somebody answers there.
 * @throws Error when it ends before, with what it wrote, or does not listen in time
 */
export async function startChild({ script, args = [], env = {}, port }: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...surroundings(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => (written = (written + chunk.toString()).slice(-4_000)));
  child.stderr.on('data', (chunk: Buffer) => (written = (written + chunk.toString()).slice(-4_000)));
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const said = port ?? Number(/listening (\d+)/.exec(written)?.[1] ?? 0);
    if (said > 0 && (await answers(said)) && child.pid !== undefined)
      return { pid: child.pid, url: `http://127.0.0.1:${said}`, stop: () => stopChild(child) };
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${script} did not start:\n${written}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
