import { formatUsd, type AutoTopUp, type CreateCheckout, type CreateDeposit } from '@switchyard/contracts';
import type { CreateRefund, GrantPromo, PaymentEvent, ReplyOf, StatementEntry } from '@switchyard/contracts';

const usd = (amountNanos: bigint | null): string | null => (amountNanos === null ? null : formatUsd(amountNanos));

/** Amounts are decimal strings of US dollars, exact to the nano-dollar. */
export const depositView = (deposit: ReplyOf<typeof CreateDeposit>) => ({
  id: deposit.depositId,
  created: deposit.created,
  amount: formatUsd(deposit.amountNanos),
  available: formatUsd(deposit.availableNanos),
  created_at: deposit.createdAt,
});

export const entryView = (entry: StatementEntry) => ({
  id: entry.id,
  kind: entry.kind,
  amount: formatUsd(entry.amountNanos),
  fee: formatUsd(entry.feeNanos),
  source: entry.source,
  external_id: entry.externalId,
  deposit_id: entry.depositId,
  note: entry.note,
  expires_at: entry.expiresAt,
  remaining: usd(entry.remainingNanos),
  created_at: entry.createdAt,
});

export const checkoutView = (checkout: ReplyOf<typeof CreateCheckout>) => ({
  id: checkout.sessionId,
  url: checkout.url,
  amount: formatUsd(checkout.amountNanos),
  fee: formatUsd(checkout.feeNanos),
  credit: formatUsd(checkout.creditNanos),
  expires_at: checkout.expiresAt,
});

export const refundView = (refund: ReplyOf<typeof CreateRefund>) => ({
  id: refund.refundId,
  created: refund.created,
  state: refund.state,
  amount: formatUsd(refund.amountNanos),
  available: formatUsd(refund.availableNanos),
});

export const promoView = (promo: ReplyOf<typeof GrantPromo>) => ({
  id: promo.depositId,
  created: promo.created,
  amount: formatUsd(promo.amountNanos),
  expires_at: promo.expiresAt,
  available: formatUsd(promo.availableNanos),
});

export const autoTopUpView = (autoTopUp: AutoTopUp | null, paymentMethodSaved: boolean) => ({
  enabled: autoTopUp !== null && autoTopUp.state !== 'off',
  payment_method_saved: paymentMethodSaved,
  threshold: usd(autoTopUp?.thresholdNanos ?? null),
  amount: usd(autoTopUp?.amountNanos ?? null),
  state: autoTopUp?.state ?? null,
  failures: autoTopUp?.failures ?? 0,
  last_error: autoTopUp?.lastError ?? null,
  last_topped_up_at: autoTopUp?.lastToppedUpAt ?? null,
});

/** The amount is in units of the currency named; where that is no US dollars it was not booked. */
export const eventView = (event: PaymentEvent) => ({
  id: event.id,
  type: event.type,
  payment: event.intent,
  account_id: event.accountId,
  amount: usd(event.amountNanos),
  currency: event.currency,
  status: event.status,
  deliveries: event.deliveries,
  first_seen_at: event.firstSeenAt,
  last_seen_at: event.lastSeenAt,
});
