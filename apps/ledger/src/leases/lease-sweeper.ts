import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { Repeater } from '../repeater.js';
import { LeasesRepository } from './leases.repository.js';

const MAX_PER_SWEEP = 500;

/** Returns the money of leases that nobody renewed: what a crashed edge had borrowed. */
@Injectable()
export class LeaseSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('sweeper');
  readonly #repeater: Repeater;

  constructor(
    private readonly leases: LeasesRepository,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#repeater = new Repeater('sweeper', () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(this.options.sweepIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  /** Closes every lease that is due, one transaction each, so that one that cannot be closed keeps none of the others. */
  async sweep(): Promise<number> {
    let closed = 0;
    for (const leaseId of await this.leases.due(this.options.leaseGraceMs, MAX_PER_SWEEP)) {
      try {
        if (await this.leases.expire(leaseId, this.options.leaseGraceMs)) closed += 1;
      } catch (error) {
        this.#logger.warn(`lease ${leaseId} could not be closed: ${(error as Error).message}`);
      }
    }
    return closed;
  }
}
