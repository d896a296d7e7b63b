import { z } from 'zod';
import { nanos, signedNanos } from '../money.js';
import { event, rpc } from '../rpc.js';

/** The durable stream of what happened to money; its messages carry the id of their outbox row. */
export const LEDGER_EVENTS_STREAM = 'LEDGER_EVENTS';
/** The subjects that the stream keeps. Other events of the ledger concern whoever listens now, and nobody later. */
export const LEDGER_EVENTS_SUBJECTS = [
  'ledger.v1.event.deposit.>',
  'ledger.v1.event.balance.>',
  'ledger.v1.event.refund.>',
] as const;

/**
 * How credit came in. `manual`: put in by a management key. `purchase`: paid through the payment provider. `promo`: a gift that
 * expires. `reversal`: money that had been taken for a refund or a dispute and came back.
 */
export const DepositKind = z.enum(['manual', 'purchase', 'promo', 'reversal']);
export type DepositKind = z.output<typeof DepositKind>;

/** How credit went out without being used. `dispute`: the bank of the payer took the payment back. */
export const WithdrawalKind = z.enum(['refund', 'dispute', 'expiry']);
export type WithdrawalKind = z.output<typeof WithdrawalKind>;

export const StatementKind = z.union([DepositKind, WithdrawalKind]);
export type StatementKind = z.output<typeof StatementKind>;

export const DepositCreated = event(
  'ledger.v1.event.deposit.created',
  z.object({
    depositId: z.uuid(),
    accountId: z.uuid(),
    kind: DepositKind,
    /** What the account was given; the fee of a purchase is not in it. */
    amountNanos: nanos,
    feeNanos: nanos,
    createdAt: z.iso.datetime(),
  }),
);

export const RefundCreated = event(
  'ledger.v1.event.refund.created',
  z.object({
    refundId: z.uuid(),
    accountId: z.uuid(),
    depositId: z.uuid(),
    kind: z.enum(['refund', 'dispute']),
    amountNanos: nanos,
    createdAt: z.iso.datetime(),
  }),
);

/** The balance fell below what the account asked to be watched for. Told once per fall. */
export const BalanceLow = event(
  'ledger.v1.event.balance.low',
  z.object({ accountId: z.uuid(), balanceNanos: nanos, thresholdNanos: nanos, at: z.iso.datetime() }),
);

/** Ids that a caller makes up, so that a repeated call has the effect of one. */
const externalId = z.string().min(1).max(200);
const note = z.string().max(500).nullable().default(null);

/**
 * Gives credit that expires. Idempotent by `externalId` like CreateDeposit. It counts as spent before any other money of the account,
 * the earliest expiry first; what is unspent at `expiresAt` is taken back.
 */
export const GrantPromo = rpc(
  'ledger.v1.rpc.promo.grant',
  z.object({ accountId: z.uuid(), amountNanos: nanos, expiresAt: z.iso.datetime(), externalId, note }),
  z.object({
    depositId: z.uuid(),
    created: z.boolean(),
    amountNanos: nanos,
    expiresAt: z.iso.datetime(),
    availableNanos: nanos,
  }),
);

/**
 * Gives unused credit of a deposit back to whoever paid it; through the payment provider where it came through one. Idempotent by
 * `externalId`. `unprocessable` when less than the amount is unused; `metadata.refundable` says how much is.
 */
export const CreateRefund = rpc(
  'ledger.v1.rpc.refund.create',
  z.object({
    accountId: z.uuid(),
    depositId: z.uuid(),
    /** Null: all that can be refunded. */
    amountNanos: nanos.nullable(),
    externalId,
    note,
  }),
  z.object({
    refundId: z.uuid(),
    created: z.boolean(),
    amountNanos: nanos,
    /** `pending`: taken from the account, and under way to the payer. */
    state: z.enum(['done', 'pending', 'failed']),
    availableNanos: nanos,
  }),
);

export const StatementEntry = z.object({
  id: z.uuid(),
  kind: StatementKind,
  /** What it did to the account: negative for what went out. */
  amountNanos: signedNanos,
  feeNanos: nanos,
  source: z.string(),
  externalId: z.string(),
  /** The deposit that a withdrawal or a reversal belongs to. */
  depositId: z.uuid().nullable(),
  note: z.string().nullable(),
  /** Of promotional credit. */
  expiresAt: z.iso.datetime().nullable(),
  remainingNanos: nanos.nullable(),
  createdAt: z.iso.datetime(),
});
export type StatementEntry = z.output<typeof StatementEntry>;

/** All that moved an account's credit except its use, newest first. */
export const ListDeposits = rpc(
  'ledger.v1.rpc.deposit.list',
  z.object({
    accountId: z.uuid(),
    kinds: z.array(StatementKind).max(8).default([]),
    offset: z.int().nonnegative().max(1_000_000).default(0),
    limit: z.int().min(1).max(100).default(100),
  }),
  z.object({ entries: z.array(StatementEntry), total: z.int().nonnegative() }),
);

/** Starts a purchase: where the payer has to go. `not_found` where no payment provider is switched on. */
export const CreateCheckout = rpc(
  'ledger.v1.rpc.checkout.create',
  z.object({
    accountId: z.uuid(),
    /** What the payer is charged, in whole cents. */
    amountNanos: nanos,
    /** Keeps the means of payment, which automatic top-up needs. */
    savePaymentMethod: z.boolean().default(false),
    externalId: externalId.nullable().default(null),
  }),
  z.object({
    sessionId: z.string(),
    url: z.url(),
    amountNanos: nanos,
    feeNanos: nanos,
    /** What the account will be given. */
    creditNanos: nanos,
    expiresAt: z.iso.datetime(),
  }),
);

/**
 * A message of the payment provider as it came: the bytes of the body and the header that signs them. `invalid_request` when the
 * signature does not fit; anything else that cannot be used is noted and answered, because a repetition would not mend it.
 */
export const ReceivePayment = rpc(
  'ledger.v1.rpc.payment.receive',
  z.object({ bodyBase64: z.base64().max(400_000), signature: z.string().max(2_000) }),
  z.object({ status: z.string() }),
);

/** A message of the payment provider, and what became of it. */
export const PaymentEvent = z.object({
  id: z.string(),
  type: z.string(),
  /** The provider's id of the payment. */
  intent: z.string().nullable(),
  accountId: z.uuid().nullable(),
  amountNanos: signedNanos.nullable(),
  currency: z.string().nullable(),
  status: z.string(),
  deliveries: z.int().positive(),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
});
export type PaymentEvent = z.output<typeof PaymentEvent>;

/** Messages of the payment provider, newest first; for the operator, because they are of all accounts. */
export const ListPaymentEvents = rpc(
  'ledger.v1.rpc.payment.list',
  z.object({
    /** `unbooked`: money that came and could not be booked. */
    filter: z.enum(['all', 'unbooked']).default('all'),
    offset: z.int().nonnegative().max(1_000_000).default(0),
    limit: z.int().min(1).max(100).default(100),
  }),
  z.object({ events: z.array(PaymentEvent) }),
);

const TopUpSettings = { accountId: z.uuid(), thresholdNanos: nanos, amountNanos: nanos };

/** Automatic top-up of an account. `state` `off`: it failed three times in a row and waits to be set again. */
export const AutoTopUp = z.object({
  ...TopUpSettings,
  state: z.enum(['armed', 'due', 'charging', 'off']),
  failures: z.int().nonnegative(),
  /** The payment provider's code for why the last try failed. */
  lastError: z.string().nullable(),
  lastToppedUpAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime(),
});
export type AutoTopUp = z.output<typeof AutoTopUp>;

export const GetAutoTopUp = rpc(
  'ledger.v1.rpc.topup.get',
  z.object({ accountId: z.uuid() }),
  z.object({ autoTopUp: AutoTopUp.nullable(), paymentMethodSaved: z.boolean() }),
);

/** Whenever the balance falls below the threshold, the saved means of payment is charged. `conflict` while none is saved. */
export const SetAutoTopUp = rpc(
  'ledger.v1.rpc.topup.set',
  z.object(TopUpSettings),
  z.object({ autoTopUp: AutoTopUp, paymentMethodSaved: z.boolean() }),
);

export const DeleteAutoTopUp = rpc(
  'ledger.v1.rpc.topup.delete',
  z.object({ accountId: z.uuid() }),
  z.object({ deleted: z.boolean() }),
);
