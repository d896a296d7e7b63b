import { Injectable, Logger } from '@nestjs/common';
import {
  formatUsd,
  GatewayError,
  MAX_TRANSFER_NANOS,
  type CreateRefund,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { NANOS_PER_CENT } from '../payments/fee.js';
import { PaymentProvider } from '../payments/payment-provider.js';
import { RefundsRepository } from './refunds.repository.js';

/** How long one ledger has a refund to itself: longer than the call of the provider may take. */
const HOLD_MS = 60_000;
const MAX_PER_TURN = 20;

/**
 * Gives unused credit back. The account loses it first, so that it cannot be spent meanwhile; then the payment provider is told, as
 * often as it takes. What it cannot pay back returns to the account.
 */
@Injectable()
export class RefundsService {
  readonly #logger = new Logger('refunds');

  constructor(
    private readonly refunds: RefundsRepository,
    private readonly provider: PaymentProvider,
  ) {}

  async create(request: RequestOf<typeof CreateRefund>): Promise<ReplyOf<typeof CreateRefund>> {
    const { amountNanos } = request;
    if (amountNanos !== null && (amountNanos <= 0n || amountNanos > MAX_TRANSFER_NANOS))
      throw new GatewayError('invalid_request', {
        message: 'A refund is more than nothing and at most 10^18 nano-USD.',
      });
    const begun = await this.refunds.begin(request, NANOS_PER_CENT);
    switch (begun.outcome) {
      case 'no_deposit':
        throw new GatewayError('not_found', { message: 'There is no such deposit that can be refunded.' });
      case 'not_payable':
        throw new GatewayError('invalid_request', { message: 'What was paid in cents is refunded in whole cents.' });
      case 'too_much':
        throw new GatewayError('unprocessable', {
          message: `Of this deposit ${formatUsd(begun.refundableNanos)} US dollars are unused and can be refunded.`,
          metadata: { refundable: formatUsd(begun.refundableNanos) },
        });
      default: {
        const { outcome, ...refund } = begun;
        const state =
          refund.state === 'pending' && outcome === 'created' ? await this.#sendNow(refund.refundId) : refund.state;
        return { ...refund, state, created: outcome === 'created' };
      }
    }
  }

  /** Tells the payment provider of what it does not know yet. */
  async sendDue(stopping?: AbortSignal): Promise<void> {
    if (!this.provider.enabled) return;
    for (let sent = 0; sent < MAX_PER_TURN; sent += 1) {
      if (stopping?.aborted || (await this.#send(null)) === null) return;
    }
  }

  /** The account has paid already: whatever goes wrong now is tried again later. */
  async #sendNow(refundId: string): Promise<'done' | 'pending' | 'failed'> {
    if (!this.provider.enabled) return 'pending';
    try {
      return (await this.#send(refundId)) ?? 'pending';
    } catch (error) {
      this.#logger.warn(`refund ${refundId} is sent later: ${(error as Error).message}`);
      return 'pending';
    }
  }

  async #send(refundId: string | null): Promise<'done' | 'pending' | 'failed' | null> {
    const refund = await this.refunds.next(refundId, HOLD_MS);
    if (!refund) return null;
    const { id, state, error } = await this.provider.refund(refund);
    if (state === 'failed') this.#logger.error(`refund ${refund.refundId} failed: ${error ?? 'no reason'}`);
    await this.refunds.end(refund.refundId, { providerId: id, state, error });
    return state === 'sent' ? 'pending' : state;
  }
}
