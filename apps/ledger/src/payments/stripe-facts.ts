import { z } from 'zod';

/** Amounts as Stripe counts them: whole cents, or whatever the smallest unit of the currency is. */
export interface Amount {
  readonly cents: number;
  readonly currency: string;
}

/** What a message of Stripe says about money, without anything about the payer. */
export type StripeFact =
  | {
      readonly kind: 'paid';
      readonly intent: string;
      readonly accountId: string;
      readonly amount: Amount;
      /** The saved means of payment, where this payment was to save one. */
      readonly customer: string | null;
      readonly paymentMethod: string | null;
      /** The try of an automatic top-up that it belongs to. */
      readonly attemptId: string | null;
    }
  | { readonly kind: 'refunded'; readonly intent: string; readonly amount: Amount }
  | {
      readonly kind: 'disputed';
      readonly intent: string;
      readonly amount: Amount;
      readonly disputeId: string;
      readonly state: 'open' | 'won' | 'lost';
    }
  | { readonly kind: 'charge_failed'; readonly accountId: string; readonly attemptId: string; readonly error: string }
  | {
      readonly kind: 'refund_ended';
      readonly refundId: string;
      readonly failed: boolean;
      readonly error: string | null;
    }
  | { readonly kind: 'nothing'; readonly status: 'ignored' | 'not_paid'; readonly intent: string | null };

// An object may come expanded where usually its id stands.
const reference = z
  .union([z.string().min(1).max(255), z.object({ id: z.string().min(1).max(255) }).transform(({ id }) => id)])
  .nullish()
  .transform((id) => id ?? null);
const cents = z.int();
const currency = z.string().max(10).toLowerCase();

/** Our marks on what we made: whose it is, and for what. Never an amount. */
const marks = z
  .object({ account_id: z.uuid().optional(), top_up_attempt: z.uuid().optional(), save: z.string().optional() })
  .nullish()
  .transform((metadata) => ({
    accountId: metadata?.account_id ?? null,
    attemptId: metadata?.top_up_attempt ?? null,
    saves: metadata?.save === 'yes',
  }));

const Session = z.object({
  payment_intent: reference,
  payment_status: z.string(),
  amount_total: cents.nullable(),
  currency: currency.nullable(),
  customer: reference,
  metadata: marks,
});
const Intent = z.object({
  id: z.string().min(1).max(255),
  amount_received: cents,
  currency,
  customer: reference,
  payment_method: reference,
  metadata: marks,
  last_payment_error: z.object({ code: z.string().nullish(), decline_code: z.string().nullish() }).nullish(),
});
const Charge = z.object({ payment_intent: reference, amount_refunded: cents, currency });
const Dispute = z.object({
  id: z.string().min(1).max(255),
  payment_intent: reference,
  amount: cents,
  currency,
  status: z.string(),
});
const Refund = z.object({
  id: z.string().min(1).max(255),
  status: z.string().nullish(),
  failure_reason: z.string().nullish(),
});

const nothing = (intent: string | null, status: 'ignored' | 'not_paid' = 'ignored'): StripeFact => ({
  kind: 'nothing',
  status,
  intent,
});

/** A short word of Stripe's lists (`card_declined`); anything else is not kept. */
export const wordOf = (text: string | null | undefined): string =>
  text !== null && text !== undefined && /^[a-z0-9_]{1,64}$/.test(text) ? text : 'unknown';

function paidSession(object: unknown): StripeFact {
  const session = Session.parse(object);
  const { payment_intent: intent, customer, metadata, amount_total: total } = session;
  if (intent === null || metadata.accountId === null) return nothing(intent);
  // Slow means of payment are paid later, which a message of its own tells.
  if (session.payment_status !== 'paid' || total === null || session.currency === null)
    return nothing(intent, 'not_paid');
  const amount = { cents: total, currency: session.currency };
  const saved = metadata.saves ? customer : null;
  return {
    kind: 'paid',
    intent,
    accountId: metadata.accountId,
    amount,
    customer: saved,
    paymentMethod: null,
    attemptId: null,
  };
}

function paidIntent(object: unknown): StripeFact {
  const intent = Intent.parse(object);
  const { accountId, attemptId, saves } = intent.metadata;
  // The Stripe account may well serve other shops than this one.
  if (accountId === null) return nothing(intent.id);
  return {
    kind: 'paid',
    intent: intent.id,
    accountId,
    amount: { cents: intent.amount_received, currency: intent.currency },
    customer: saves ? intent.customer : null,
    paymentMethod: saves ? intent.payment_method : null,
    attemptId,
  };
}

function failedIntent(object: unknown): StripeFact {
  const { id, metadata, last_payment_error: error } = Intent.parse(object);
  const { accountId, attemptId } = metadata;
  if (accountId === null || attemptId === null) return nothing(id);
  return { kind: 'charge_failed', accountId, attemptId, error: wordOf(error?.decline_code ?? error?.code) };
}

function refundedCharge(object: unknown): StripeFact {
  const { payment_intent: intent, amount_refunded: sum, currency: unit } = Charge.parse(object);
  return intent === null ? nothing(null) : { kind: 'refunded', intent, amount: { cents: sum, currency: unit } };
}

function dispute(object: unknown): StripeFact {
  const { id: disputeId, payment_intent: intent, amount, currency: unit, status } = Dispute.parse(object);
  // A warning is a question of the bank: no money has moved.
  if (intent === null || status.startsWith('warning')) return nothing(intent);
  const state = status === 'won' || status === 'lost' ? status : 'open';
  return { kind: 'disputed', intent, disputeId, state, amount: { cents: amount, currency: unit } };
}

function endedRefund(object: unknown): StripeFact {
  const { id: refundId, status, failure_reason: reason } = Refund.parse(object);
  if (status === 'succeeded') return { kind: 'refund_ended', refundId, failed: false, error: null };
  if (status === 'failed' || status === 'canceled')
    return { kind: 'refund_ended', refundId, failed: true, error: wordOf(reason ?? status) };
  return nothing(null);
}

/**
 * The messages that are listened to: https://docs.stripe.com/api/events/types. A payment is told by several of them; the id of
 * the payment intent is what they share.
 */
const READERS: Readonly<Record<string, (object: unknown) => StripeFact>> = {
  'checkout.session.completed': paidSession,
  'checkout.session.async_payment_succeeded': paidSession,
  'payment_intent.succeeded': paidIntent,
  'payment_intent.payment_failed': failedIntent,
  'charge.refunded': refundedCharge,
  'charge.dispute.created': dispute,
  'charge.dispute.closed': dispute,
  'refund.updated': endedRefund,
  'refund.failed': endedRefund,
};

/** The event types to choose for the webhook endpoint. */
export const STRIPE_EVENT_TYPES: readonly string[] = Object.keys(READERS);

/** What a verified message says. @throws ZodError when it has not the shape that Stripe documents. */
export const factOf = (type: string, object: unknown): StripeFact => READERS[type]?.(object) ?? nothing(null);
