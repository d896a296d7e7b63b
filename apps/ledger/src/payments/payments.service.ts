import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ListPaymentEvents, ReceivePayment, ReplyOf, RequestOf } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { z } from 'zod';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { RefundsRepository } from '../deposits/refunds.repository.js';
import { AutoTopUpRepository } from './auto-top-up.repository.js';
import { nanosOfCents } from './fee.js';
import { PaymentsRepository, UNBOOKED, type Money, type PaymentStatus, type ToldBy } from './payments.repository.js';
import { factOf, type Amount, type StripeFact } from './stripe-facts.js';
import { PaymentProvider, type ProviderMessage } from './payment-provider.js';

const moneyOf = ({ cents, currency }: Amount): Money => ({ amountNanos: nanosOfCents(cents), currency });

/** Takes the payment provider's messages: checks who wrote them, reads what they say of money, and has it booked. */
@Injectable()
export class PaymentsService {
  readonly #logger = new Logger('payments');

  constructor(
    private readonly provider: PaymentProvider,
    private readonly payments: PaymentsRepository,
    private readonly refunds: RefundsRepository,
    private readonly topUps: AutoTopUpRepository,
    @Inject(LEDGER_OPTIONS) private readonly options: Pick<LedgerOptions, 'payments'>,
  ) {}

  /**
   * Answers as soon as the message is booked; before that the provider must send it again.
   * @throws GatewayError `invalid_request` for a signature that does not fit, `not_found` where payments are off.
   */
  async receive(request: RequestOf<typeof ReceivePayment>): Promise<ReplyOf<typeof ReceivePayment>> {
    const event = this.provider.verify(Buffer.from(request.bodyBase64, 'base64'), request.signature);
    const status = await this.#book(event);
    instruments.ledgerPayments.add(1, { status });
    if (UNBOOKED.includes(status)) this.#logger.error(`message ${event.id} (${event.type}) was not booked: ${status}`);
    return { status };
  }

  async list(request: RequestOf<typeof ListPaymentEvents>): Promise<ReplyOf<typeof ListPaymentEvents>> {
    return { events: await this.payments.events(request) };
  }

  /** Credits a payment whose success the provider answered directly. */
  take(by: ToldBy, accountId: string, amount: Amount): Promise<PaymentStatus> {
    return this.payments.take(by, accountId, moneyOf(amount), this.options.payments.fee);
  }

  async #book(event: ProviderMessage): Promise<PaymentStatus> {
    const by = { eventId: event.id, type: event.type };
    if (event.livemode !== this.provider.liveMode)
      return this.payments.note({ ...by, intent: null }, null, 'wrong_mode');
    const fact = this.#read(event);
    switch (fact.kind) {
      case 'paid':
        return this.#paid({ ...by, intent: fact.intent }, fact);
      case 'refunded':
        return this.payments.refunded({ ...by, intent: fact.intent }, moneyOf(fact.amount));
      case 'disputed': {
        const { disputeId: id, state, intent, amount } = fact;
        return this.payments.disputed({ ...by, intent }, { id, state }, moneyOf(amount));
      }
      case 'charge_failed': {
        const ended = await this.topUps.end(fact, { kind: 'failed', error: fact.error });
        return this.payments.note({ ...by, intent: null }, null, ended ? 'applied' : 'ignored');
      }
      case 'refund_ended': {
        const state = fact.failed ? 'failed' : 'done';
        const ended = await this.refunds.end(null, { providerId: fact.refundId, state, error: fact.error });
        return this.payments.note({ ...by, intent: null }, null, ended ? 'applied' : 'ignored');
      }
      default:
        return this.payments.note({ ...by, intent: fact.intent }, null, fact.status);
    }
  }

  async #paid(by: ToldBy, fact: Extract<StripeFact, { kind: 'paid' }>): Promise<PaymentStatus> {
    const status = await this.take(by, fact.accountId, fact.amount);
    const booked = status === 'applied' || status === 'duplicate';
    if (booked && fact.customer !== null)
      await this.topUps.savePayer(fact.accountId, {
        customer: fact.customer,
        paymentMethod: fact.paymentMethod,
        intent: fact.intent,
      });
    if (booked && fact.attemptId !== null)
      await this.topUps.end({ accountId: fact.accountId, attemptId: fact.attemptId }, { kind: 'succeeded' });
    return status;
  }

  /** A message of an unknown shape is signed all the same: it is kept and answered, because it would come again as it is. */
  #read(event: ProviderMessage): StripeFact {
    try {
      return factOf(event.type, event.object);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      this.#logger.error(`message ${event.id} (${event.type}) has an unknown shape`);
      return { kind: 'nothing', status: 'ignored', intent: null };
    }
  }
}
