import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 5_000;
const STABLE_AFTER_MS = 30_000;
const LOG_TAIL_BYTES = 3_000;

export interface ProcessDefinition {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where it answers `/readyz`, if it does. */
  readonly url?: string;
  readonly nodeArguments?: readonly string[];
}

/**
 * A service as its own process and process group, restarted when it dies by itself. Its own group, because Ctrl-C in a terminal
 * goes to the whole foreground group, and services must end in order: the edge first, the broker and the database last.
 */
export class ManagedProcess {
  #child: ChildProcess | null = null;
  #stopping = false;
  #restartMs = FIRST_RESTART_MS;
  #restart: NodeJS.Timeout | null = null;
  /** How often it was started again. */
  restarts = 0;

  constructor(
    readonly definition: ProcessDefinition,
    private readonly logDirectory: string,
    private readonly onChange: (event: 'started' | 'died', process: ManagedProcess) => void,
  ) {}

  get name(): string {
    return this.definition.name;
  }

  get pid(): number | null {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? (this.#child.pid ?? null) : null;
  }

  get logFile(): string {
    return path.join(this.logDirectory, `${this.name}.log`);
  }

  start(): void {
    const log = openSync(this.logFile, 'a', 0o600);
    const startedAt = performance.now();
    // The pipe on stdin is how the service notices that this process is gone: it ends when the pipe does.
    const child = spawn(process.execPath, [...(this.definition.nodeArguments ?? []), this.definition.script], {
      env: { ...this.definition.env, SWITCHYARD_PARENT: '1' },
      stdio: ['pipe', log, log],
      detached: true,
    });
    closeSync(log);
    child.stdin?.on('error', () => undefined);
    this.#child = child;
    child.once('exit', () => {
      if (this.#stopping) return;
      if (performance.now() - startedAt > STABLE_AFTER_MS) this.#restartMs = FIRST_RESTART_MS;
      this.onChange('died', this);
      this.#restart = setTimeout(() => {
        this.restarts += 1;
        this.start();
      }, this.#restartMs);
      this.#restartMs = Math.min(this.#restartMs * 2, LAST_RESTART_MS);
    });
    this.onChange('started', this);
  }

  /** SIGTERM, and SIGKILL to the whole group after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#restart) clearTimeout(this.#restart);
    const child = this.#child;
    if (!child || child.pid === undefined || this.pid === null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => this.#killGroup(), graceMs);
    await exited;
    clearTimeout(timer);
    this.#killGroup();
  }

  #killGroup(): void {
    try {
      if (this.#child?.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // The group is empty already.
    }
  }

  /** The end of its log, for an error message. */
  logTail(): string {
    try {
      return readFileSync(this.logFile, 'utf8').slice(-LOG_TAIL_BYTES).trim();
    } catch {
      return '';
    }
  }
}
