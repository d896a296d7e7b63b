import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { EntriesRepository } from './entries.repository.js';

/** From one removal to the next, milliseconds. */
export const SWEEP_MS = Symbol('sweep interval');

const BATCH = 500;
/** A writer that has not finished by then never will. */
const UNFINISHED_MS = 10 * 60_000;

/** Removes what is over. Nobody can read it from its last second on; this is what makes it go away. */
@Injectable()
export class Sweeper implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(Sweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly entries: EntriesRepository,
    @Inject(SWEEP_MS) private readonly intervalMs: number,
  ) {}

  onModuleInit(): void {
    this.next();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private next(): void {
    this.timer = setTimeout(() => {
      this.running = this.sweep().finally(() => {
        if (!this.stopped) this.next();
      });
    }, this.intervalMs);
  }

  private async sweep(): Promise<void> {
    try {
      while (!this.stopped && (await this.entries.sweep(BATCH, UNFINISHED_MS)) >= BATCH);
    } catch (error) {
      this.logger.warn(`what is over stays until the next time: ${(error as Error).message}`);
    }
  }
}
