import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

const LOG_LIMIT = 64 * 1024;

/** A server process that was started here, with the end of its output for error messages. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #log = '';

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.#child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_LIMIT);
      });
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#log += `\n${error.message}`;
        resolve({ code: 127, signal: null });
      });
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    LIVING.add(this);
    void this.exited.then(() => LIVING.delete(this));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`the process did not start: ${this.log}`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** The last 64 KiB of stdout and stderr. */
  get log(): string {
    return this.#log;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Sends the signal and waits for the exit; after `graceMs` it is SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}

const LIVING = new Set<ServerProcess>();

// A test run that ends in the middle must not leave servers behind.
process.on('exit', () => {
  for (const server of LIVING) server.signal('SIGKILL');
});
