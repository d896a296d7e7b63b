import { randomUUID } from 'node:crypto';
import { Stripe } from 'stripe';
import { AccountsRepository } from '../../accounts/accounts.repository.js';
import { LedgerRepository } from '../../database/ledger.repository.js';
import { RefundsRepository } from '../../deposits/refunds.repository.js';
import { RefundsService } from '../../deposits/refunds.service.js';
import { startLedgerBench, type LedgerBench } from '../../testing/ledger-bench.js';
import { AutoTopUpRepository } from '../auto-top-up.repository.js';
import { AutoTopUpService } from '../auto-top-up.service.js';
import { CheckoutService } from '../checkout.service.js';
import type { PaymentOptions } from '../payment-settings.js';
import { PaymentsRepository } from '../payments.repository.js';
import { PaymentsService } from '../payments.service.js';
import { StripeService } from '../stripe.service.js';
import { StripeStandIn } from '@switchyard/testing';

export const WEBHOOK_SECRET = 'whsec_0123456789abcdef0123456789abcdef';
const signer = new Stripe('sk_test_0123456789abcdef');

/** A message as Stripe sends it: the body, and the header that signs it. */
export function signed(
  event: object,
  { secret = WEBHOOK_SECRET, atMs = Date.now() }: { readonly secret?: string; readonly atMs?: number } = {},
): { readonly bodyBase64: string; readonly signature: string } {
  const payload = JSON.stringify(event);
  const signature = signer.webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp: Math.floor(atMs / 1_000),
  });
  return { bodyBase64: Buffer.from(payload).toString('base64'), signature };
}

export const stripeEvent = (type: string, object: object, fields: object = {}) => ({
  id: `evt_${randomUUID()}`,
  object: 'event',
  api_version: '2026-10-28.endive',
  created: Math.floor(Date.now() / 1_000),
  livemode: false,
  type,
  data: { object },
  ...fields,
});

/** The session of a purchase that was paid. */
export const paidSession = (accountId: string, intent: string, cents: number, fields: object = {}) => ({
  id: `cs_test_${intent}`,
  object: 'checkout.session',
  mode: 'payment',
  payment_status: 'paid',
  payment_intent: intent,
  amount_total: cents,
  currency: 'usd',
  customer: null,
  customer_details: { email: 'payer@example.test' },
  metadata: { account_id: accountId },
  ...fields,
});

export const paidIntent = (accountId: string, intent: string, cents: number, fields: object = {}) => ({
  id: intent,
  object: 'payment_intent',
  status: 'succeeded',
  amount_received: cents,
  currency: 'usd',
  customer: null,
  payment_method: null,
  metadata: { account_id: accountId },
  ...fields,
});

export interface PaymentsBench {
  readonly ledger: LedgerBench;
  readonly stripe: StripeStandIn;
  readonly payments: PaymentsService;
  readonly checkouts: CheckoutService;
  readonly topUps: AutoTopUpService;
  readonly refunds: RefundsService;
  /** Signs and delivers a message, and answers what became of it. */
  deliver(type: string, object: object, fields?: object): Promise<string>;
  balanceOf(accountId: string): Promise<bigint>;
  stop(): Promise<void>;
}

/** The ledger's services of payments on a real PostgreSQL, with the real Stripe client against a server on this machine. */
export async function startPaymentsBench(
  fee: PaymentOptions['fee'] = { ppm: 0n, minNanos: 0n },
): Promise<PaymentsBench> {
  const [ledger, stripe] = [await startLedgerBench(), new StripeStandIn()];
  const options = {
    payments: {
      fee,
      stripe: {
        secretKey: 'sk_test_0123456789abcdef',
        webhookSecret: WEBHOOK_SECRET,
        apiBase: await stripe.start(),
        successUrl: 'https://shop.example/thanks',
        cancelUrl: null,
      },
    },
  };
  const repository = new LedgerRepository(ledger.dataSource);
  const client = new StripeService(options.payments.stripe);
  const topUpRows = new AutoTopUpRepository(repository);
  const refundRows = new RefundsRepository(repository);
  const payments = new PaymentsService(client, new PaymentsRepository(repository), refundRows, topUpRows, options);
  return {
    ledger,
    stripe,
    payments,
    checkouts: new CheckoutService(client, new AccountsRepository(repository), topUpRows, options),
    topUps: new AutoTopUpService(topUpRows, payments, client, options),
    refunds: new RefundsService(refundRows, client),
    deliver: async (type, object, fields) => (await payments.receive(signed(stripeEvent(type, object, fields)))).status,
    balanceOf: async (accountId) => (await ledger.accounts.balance(accountId))?.availableNanos ?? -1n,
    async stop() {
      await stripe.stop();
      await ledger.stop();
    },
  };
}
