import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  CreateCheckout,
  CreateRefund,
  DeleteAutoTopUp,
  GatewayError,
  GetAutoTopUp,
  GrantPromo,
  ListDeposits,
  ListPaymentEvents,
  ReceivePayment,
  SetAutoTopUp,
} from '@switchyard/contracts';
import type { AutoTopUp, ReplyOf, RequestOf } from '@switchyard/contracts';

const NOW = '2026-11-22T12:00:00.000Z';

/** Serves the contracts of payments from memory, and remembers what it was asked. */
@Controller()
export class SmallPayments {
  readonly received: RequestOf<typeof ReceivePayment>[] = [];
  readonly asked: Record<string, unknown>[] = [];
  readonly topUps = new Map<string, AutoTopUp>();
  refusal: GatewayError | null = null;
  holdMs = 0;

  @Serves(ReceivePayment)
  async receive(
    @Request(ReceivePayment) request: RequestOf<typeof ReceivePayment>,
  ): Promise<ReplyOf<typeof ReceivePayment>> {
    this.received.push(request);
    if (this.refusal) throw this.refusal;
    if (this.holdMs > 0) await new Promise((resolve) => setTimeout(resolve, this.holdMs));
    return { status: 'applied' };
  }

  @Serves(ListDeposits)
  list(@Request(ListDeposits) request: RequestOf<typeof ListDeposits>): ReplyOf<typeof ListDeposits> {
    this.asked.push(request);
    const [source, externalId] = ['stripe', 'pi_1'];
    const entry = { id: randomUUID(), source, externalId, note: null, expiresAt: null, remainingNanos: null };
    return {
      total: 1,
      entries: [
        { ...entry, kind: 'refund', amountNanos: -1_500_000_001n, feeNanos: 0n, depositId: entry.id, createdAt: NOW },
      ],
    };
  }

  @Serves(ListPaymentEvents)
  events(@Request(ListPaymentEvents) request: RequestOf<typeof ListPaymentEvents>): ReplyOf<typeof ListPaymentEvents> {
    this.asked.push(request);
    const event = { id: 'evt_1', type: 'charge.refunded', intent: 'pi_1', accountId: null, deliveries: 2 };
    const times = { firstSeenAt: NOW, lastSeenAt: NOW };
    return { events: [{ ...event, ...times, amountNanos: 1_000_000_000n, currency: 'eur', status: 'wrong_currency' }] };
  }

  @Serves(CreateCheckout)
  checkout(@Request(CreateCheckout) request: RequestOf<typeof CreateCheckout>): ReplyOf<typeof CreateCheckout> {
    this.asked.push(request);
    const { amountNanos } = request;
    const feeNanos = amountNanos / 10n;
    const [sessionId, url] = ['cs_1', 'https://checkout.stripe.com/c/pay/cs_1'];
    return { sessionId, url, amountNanos, feeNanos, creditNanos: amountNanos - feeNanos, expiresAt: NOW };
  }

  @Serves(CreateRefund)
  refund(@Request(CreateRefund) request: RequestOf<typeof CreateRefund>): ReplyOf<typeof CreateRefund> {
    this.asked.push(request);
    const amountNanos = request.amountNanos ?? 7n;
    return { refundId: randomUUID(), created: true, amountNanos, state: 'pending', availableNanos: 0n };
  }

  @Serves(GrantPromo)
  promo(@Request(GrantPromo) request: RequestOf<typeof GrantPromo>): ReplyOf<typeof GrantPromo> {
    this.asked.push(request);
    const { amountNanos, expiresAt } = request;
    return { depositId: randomUUID(), created: true, amountNanos, expiresAt, availableNanos: amountNanos };
  }

  @Serves(GetAutoTopUp)
  find(@Request(GetAutoTopUp) { accountId }: RequestOf<typeof GetAutoTopUp>): ReplyOf<typeof GetAutoTopUp> {
    return { autoTopUp: this.topUps.get(accountId) ?? null, paymentMethodSaved: true };
  }

  @Serves(SetAutoTopUp)
  set(@Request(SetAutoTopUp) request: RequestOf<typeof SetAutoTopUp>): ReplyOf<typeof SetAutoTopUp> {
    const { accountId } = request;
    const fresh = { state: 'armed' as const, failures: 0, lastError: null, lastToppedUpAt: null, updatedAt: NOW };
    const autoTopUp = { ...request, ...fresh };
    this.topUps.set(accountId, autoTopUp);
    return { autoTopUp, paymentMethodSaved: true };
  }

  @Serves(DeleteAutoTopUp)
  delete(@Request(DeleteAutoTopUp) { accountId }: RequestOf<typeof DeleteAutoTopUp>): ReplyOf<typeof DeleteAutoTopUp> {
    return { deleted: this.topUps.delete(accountId) };
  }
}
