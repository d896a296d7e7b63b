import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { instruments } from '@switchyard/telemetry';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { Repeater } from '../repeater.js';
import { KeyInsuranceRepository } from './key-insurance.repository.js';

/** Counts the keys that live on the insurance: answers that come to nothing are free, and somebody may find a use for that. */
@Injectable()
export class InsuranceWatch implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('insurance');
  readonly #repeater: Repeater;
  #known = 0;

  constructor(
    private readonly insurance: KeyInsuranceRepository,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#repeater = new Repeater('insurance', () => this.look());
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(this.options.auditIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  async look(): Promise<void> {
    const keys = await this.insurance.conspicuous();
    instruments.ledgerInsuredKeys.record(keys);
    if (keys > this.#known) this.#logger.warn(`${keys} keys have many generations today that came to nothing`);
    this.#known = keys;
  }
}
