import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { Repeater } from '../repeater.js';
import { UsageService } from './usage.service.js';

const MAX_PER_BATCH = 500;

/** Books the estimates of edges whose real usage did not come in time. */
@Injectable()
export class EstimateSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeater: Repeater;
  #stopping = false;

  constructor(
    private readonly usage: UsageService,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#repeater = new Repeater('estimates', () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(this.options.sweepIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    await this.#repeater.stop();
  }

  async sweep(): Promise<void> {
    while ((await this.usage.applyDue(MAX_PER_BATCH)) === MAX_PER_BATCH) if (this.#stopping) return;
  }
}
