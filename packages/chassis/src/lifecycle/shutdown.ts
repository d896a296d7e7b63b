import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { flushTelemetry } from '@switchyard/telemetry';
import { describeError } from './describe-error.js';
import type { Drain } from './drain.js';

/** What closing may take beyond the drain: connections and pools only. */
const CLOSE_DEADLINE_MS = 10_000;
const IDLE_CHECK_MS = 200;
const EXIT_FORCED = 1;

/** Ends the process in order: no new work, what runs is finished, everything is closed, exit 0. */
export class Shutdown {
  readonly #logger = new Logger('shutdown');
  #running = false;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly drain: Drain,
    private readonly drainTimeoutMs: number,
  ) {}

  /** SIGTERM and SIGINT end the process in order; a second one ends it at once. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.begin(signal));
  }

  begin(reason: string): void {
    if (this.#running) {
      this.#logger.warn(`${reason} again: the process ends at once`);
      process.exit(EXIT_FORCED);
    }
    this.#running = true;
    void this.#run(reason);
  }

  async #run(reason: string): Promise<void> {
    this.#logger.log(`stopping: ${reason}`);
    const unfinished = await this.drain.run(this.drainTimeoutMs);
    const closed = await this.#close();
    await flushTelemetry();
    if (unfinished.length > 0) this.#logger.warn(`stopped without finishing: ${unfinished.join(', ')}`);
    else if (closed) this.#logger.log('stopped');
    process.exit(unfinished.length === 0 && closed ? 0 : EXIT_FORCED);
  }

  async #close(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), CLOSE_DEADLINE_MS);
    // A kept connection whose last answer went out before the stop becomes idle only now, and would hold the server open.
    const server = this.app.getHttpServer();
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    try {
      const closed = await Promise.race([this.app.close().then(() => true), late]);
      if (!closed) this.#logger.error(`not closed within ${CLOSE_DEADLINE_MS} ms`);
      return closed;
    } catch (error) {
      this.#logger.error(`closing failed: ${describeError(error)}`, (error as Error).stack);
      return false;
    } finally {
      clearTimeout(timer);
      clearInterval(idle);
    }
  }
}
