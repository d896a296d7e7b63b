import { Logger } from '@nestjs/common';

/** Does something again and again, never twice at once; a failure is logged and the next turn comes all the same. */
export class Repeater {
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    name: string,
    private readonly work: () => Promise<unknown>,
  ) {
    this.#logger = new Logger(name);
  }

  /** The first turn comes at once, the next always this long after the end of the one before. */
  start(intervalMs: number): void {
    if (this.#stopped) return;
    this.#running = this.#turn().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(intervalMs), intervalMs);
    });
  }

  /** Resolves when the turn that runs is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  async #turn(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.#logger.error(`failed and will be tried again: ${(error as Error).message}`);
    }
  }
}
