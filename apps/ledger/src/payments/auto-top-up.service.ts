import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  GatewayError,
  MAX_TRANSFER_NANOS,
  type DeleteAutoTopUp,
  type GetAutoTopUp,
  type ReplyOf,
  type RequestOf,
  type SetAutoTopUp,
} from '@switchyard/contracts';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { AutoTopUpRepository, type TopUpAttempt } from './auto-top-up.repository.js';
import { assertChargeable } from './chargeable.js';
import { PaymentsService } from './payments.service.js';
import { PaymentProvider } from './payment-provider.js';

/** How long one ledger has a try to itself: longer than all of its calls together may take. */
const HOLD_MS = 60_000;
const MAX_PER_TURN = 10;

/** Charges the saved means of payment of accounts whose balance fell below what they chose, one try at a time. */
@Injectable()
export class AutoTopUpService {
  readonly #logger = new Logger('top-ups');

  constructor(
    private readonly topUps: AutoTopUpRepository,
    private readonly payments: PaymentsService,
    private readonly provider: PaymentProvider,
    @Inject(LEDGER_OPTIONS) private readonly options: Pick<LedgerOptions, 'payments'>,
  ) {}

  find({ accountId }: RequestOf<typeof GetAutoTopUp>): Promise<ReplyOf<typeof GetAutoTopUp>> {
    return this.topUps.find(accountId);
  }

  async set(request: RequestOf<typeof SetAutoTopUp>): Promise<ReplyOf<typeof SetAutoTopUp>> {
    const { accountId, thresholdNanos, amountNanos } = request;
    this.provider.assertEnabled();
    assertChargeable(amountNanos, this.options.payments.fee);
    if (thresholdNanos > MAX_TRANSFER_NANOS)
      throw new GatewayError('invalid_request', { message: 'The threshold is too large.' });
    if (!(await this.topUps.set(accountId, thresholdNanos, amountNanos)))
      throw new GatewayError('conflict', {
        message: 'No means of payment is saved. Buy credit once with "save_payment_method": true.',
      });
    const { autoTopUp, paymentMethodSaved } = await this.topUps.find(accountId);
    if (!autoTopUp) throw new GatewayError('conflict', { message: 'The setting was deleted meanwhile.' });
    return { autoTopUp, paymentMethodSaved };
  }

  async delete({ accountId }: RequestOf<typeof DeleteAutoTopUp>): Promise<ReplyOf<typeof DeleteAutoTopUp>> {
    return { deleted: await this.topUps.delete(accountId) };
  }

  /** Works on what is due now; the balance itself is watched by the database, so this looks only at accounts that have fallen. */
  async chargeDue(stopping?: AbortSignal): Promise<number> {
    if (!this.provider.enabled) return 0;
    let charged = 0;
    for (const accountId of await this.topUps.due(MAX_PER_TURN)) {
      if (stopping?.aborted) break;
      const attempt = await this.topUps.begin(accountId, HOLD_MS);
      if (!attempt) continue;
      charged += 1;
      try {
        await this.#charge(attempt);
      } catch (error) {
        // The outcome is unknown, or not booked: after the hold the same try is made again, under the same key.
        this.#logger.warn(`top-up ${attempt.attemptId} is tried again: ${(error as Error).message}`);
      }
    }
    return charged;
  }

  async #charge(attempt: TopUpAttempt): Promise<void> {
    const outcome = await this.provider.charge(attempt);
    if (outcome.kind === 'failed') this.#logger.warn(`top-up ${attempt.attemptId} failed: ${outcome.error}`);
    if (outcome.kind === 'succeeded') {
      // First the money: were this the last that the process did, the try would only be asked for again.
      const by = { eventId: `top-up:${attempt.attemptId}`, type: 'auto_top_up', intent: outcome.intent };
      await this.payments.take(by, attempt.accountId, outcome);
    }
    await this.topUps.end(attempt, outcome);
  }
}
