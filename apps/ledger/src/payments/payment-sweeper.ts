import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { PromosRepository } from '../deposits/promos.repository.js';
import { RefundsService } from '../deposits/refunds.service.js';
import { Repeater } from '../repeater.js';
import { AutoTopUpService } from './auto-top-up.service.js';
import { PaymentsRepository } from './payments.repository.js';

const MAX_PER_SWEEP = 500;

/**
 * What time or a returned lease makes due: credit that expired, refunds and disputes that found too little, and calls of the payment
 * provider. The calls have a rhythm of their own, because they may take long.
 */
@Injectable()
export class PaymentSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('payments');
  readonly #books: Repeater;
  readonly #provider: Repeater;
  readonly #stopping = new AbortController();

  constructor(
    private readonly promos: PromosRepository,
    private readonly payments: PaymentsRepository,
    refunds: RefundsService,
    topUps: AutoTopUpService,
    @Inject(LEDGER_OPTIONS) private readonly options: Pick<LedgerOptions, 'sweepIntervalMs'>,
  ) {
    this.#books = new Repeater('payments', () => this.sweep());
    this.#provider = new Repeater('payment provider', async () => {
      await refunds.sendDue(this.#stopping.signal);
      await topUps.chargeDue(this.#stopping.signal);
    });
  }

  onApplicationBootstrap(): void {
    this.#books.start(this.options.sweepIntervalMs);
    this.#provider.start(this.options.sweepIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    // A call of the provider is waited for, another is not begun.
    this.#stopping.abort();
    await Promise.all([this.#books.stop(), this.#provider.stop()]);
  }

  /** One transaction each, so that one that fails keeps none of the others. */
  async sweep(): Promise<void> {
    for (const depositId of await this.promos.expired(MAX_PER_SWEEP))
      await this.#try(`the expiry of ${depositId}`, () => this.promos.expire(depositId));
    for (const intent of await this.payments.owing(MAX_PER_SWEEP))
      await this.#try(`what is owed for ${intent}`, () => this.payments.collect(intent));
  }

  async #try(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.warn(`${what} could not be booked: ${(error as Error).message}`);
    }
  }
}
