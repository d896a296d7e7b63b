import { Inject, Injectable } from '@nestjs/common';
import { GatewayError, type CreateCheckout, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { AutoTopUpRepository } from './auto-top-up.repository.js';
import { assertChargeable } from './chargeable.js';
import { PaymentProvider } from './payment-provider.js';

/** Starts purchases. Nothing is booked here: money comes in when the payment provider says that it was paid. */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly provider: PaymentProvider,
    private readonly accounts: AccountsRepository,
    private readonly topUps: AutoTopUpRepository,
    @Inject(LEDGER_OPTIONS) private readonly options: Pick<LedgerOptions, 'payments'>,
  ) {}

  /** @throws GatewayError `not_found` (no payment provider, no such account), `invalid_request` for an amount that cannot be charged. */
  async create(request: RequestOf<typeof CreateCheckout>): Promise<ReplyOf<typeof CreateCheckout>> {
    const { accountId, amountNanos, savePaymentMethod: saves, externalId } = request;
    this.provider.assertEnabled();
    const feeNanos = assertChargeable(amountNanos, this.options.payments.fee);
    if ((await this.accounts.balance(accountId)) === null)
      throw new GatewayError('not_found', { message: 'The account does not exist.' });
    const customer = await this.topUps.customerOf(accountId);
    const key = externalId === null ? null : `checkout:${accountId}:${externalId}`;
    const session = await this.provider.createCheckout({ accountId, amountNanos, saves, customer, key });
    return {
      sessionId: session.id,
      url: session.url,
      amountNanos,
      feeNanos,
      creditNanos: amountNanos - feeNanos,
      expiresAt: session.expiresAt.toISOString(),
    };
  }
}
