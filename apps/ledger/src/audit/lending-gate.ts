import { Inject, Injectable, Logger } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { Check } from './audit.repository.js';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';

/** Closed while the books do not add up: nothing new is lent, what is lent already may be spent. */
@Injectable()
export class LendingGate {
  readonly #logger = new Logger('audit');
  #violations = 0;

  constructor(@Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions) {}

  /** Tells the result of an audit. */
  report(violations: readonly Check[]): void {
    if (violations.length > 0 && this.#violations === 0)
      this.#logger.error(
        `${violations.length} invariants do not hold: ${violations.map((one) => `${one.invariant} (${one.count})`).join('; ')}`,
      );
    if (violations.length === 0 && this.#violations > 0) this.#logger.log('all invariants hold again');
    this.#violations = violations.length;
  }

  get open(): boolean {
    return this.#violations === 0 || this.options.grantDespiteViolations;
  }

  assertOpen(): void {
    if (!this.open)
      throw new GatewayError('service_unavailable', {
        message: 'The ledger lends nothing until its audit is clean again.',
        retryAfterMs: 10_000,
      });
  }
}
