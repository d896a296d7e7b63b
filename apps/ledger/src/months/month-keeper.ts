import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Repeater } from '../repeater.js';
import { MonthsRepository } from './months.repository.js';

const EVERY_MS = 3_600_000;

/** Keeps the coming months open and seals those that are over. What is late for either still works, only slower. */
@Injectable()
export class MonthKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('months');
  readonly #repeater: Repeater;

  constructor(private readonly months: MonthsRepository) {
    this.#repeater = new Repeater('months', () => this.keep());
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  /** Answers the months that it sealed. */
  async keep(): Promise<readonly string[]> {
    await this.months.openComing();
    const sealed: string[] = [];
    for (let month = await this.months.sealNext(); month !== null; month = await this.months.sealNext()) {
      this.#logger.log(`the month from ${month} is sealed`);
      sealed.push(month);
    }
    return sealed;
  }
}
