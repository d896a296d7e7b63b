import { Logger } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { Stripe } from 'stripe';
import type { TopUpAttempt } from './auto-top-up.repository.js';
import { centsOf } from './fee.js';
import {
  PaymentProvider,
  type ChargeOutcome,
  type Checkout,
  type NewCheckout,
  type ProviderMessage,
  type RefundOutcome,
} from './payment-provider.js';
import { paidByStripe } from './stripe-charge.js';
import { wordOf } from './stripe-facts.js';
import type { StripeOptions } from './payment-settings.js';

/** One call, and how often the library tries it again under the same idempotency key. */
const CALL_TIMEOUT_MS = 8_000;
const CALL_RETRIES = 1;
/** Age of a signature from which on a message counts as replayed; Stripe signs every delivery anew. */
export const SIGNATURE_TOLERANCE_S = 300;
const CHECKOUT_LIFE_S = 3_600;

/** Stripe's API. */
export class StripeService extends PaymentProvider {
  readonly enabled = true;
  readonly liveMode: boolean;
  readonly #logger = new Logger('stripe');
  readonly #options: StripeOptions;
  readonly #client: Stripe;

  constructor(options: StripeOptions) {
    super();
    this.#options = options;
    this.#client = clientOf(options);
    this.liveMode = options.secretKey.includes('_live_');
  }

  verify(body: Buffer, signature: string): ProviderMessage {
    const { webhookSecret } = this.#options;
    // The settings refuse an empty secret; under one everybody could sign.
    if (webhookSecret.trim() === '') throw new GatewayError('not_found');
    try {
      const event = this.#client.webhooks.constructEvent(body, signature, webhookSecret, SIGNATURE_TOLERANCE_S);
      return { id: event.id, type: event.type, livemode: event.livemode, object: event.data.object };
    } catch (error) {
      throw new GatewayError('invalid_request', {
        message: 'The signature of the message does not fit.',
        cause: error,
      });
    }
  }

  async createCheckout(checkout: NewCheckout): Promise<Checkout> {
    const [client, options] = [this.#client, this.#options];
    const metadata = { account_id: checkout.accountId, ...(checkout.saves && { save: 'yes' }) };
    const session = await this.#call('checkout.sessions.create', () =>
      client.checkout.sessions.create(
        {
          mode: 'payment',
          line_items: [
            {
              quantity: 1,
              price_data: {
                currency: 'usd',
                unit_amount: Number(centsOf(checkout.amountNanos)),
                product_data: { name: 'Credit' },
              },
            },
          ],
          metadata,
          payment_intent_data: { metadata, ...(checkout.saves && { setup_future_usage: 'off_session' as const }) },
          ...(checkout.customer !== null && { customer: checkout.customer }),
          ...(checkout.saves && checkout.customer === null && { customer_creation: 'always' as const }),
          success_url: options.successUrl,
          ...(options.cancelUrl !== null && { cancel_url: options.cancelUrl }),
          // With a key the call must be the same, to the second, when it is repeated: then Stripe's own day applies.
          ...(checkout.key === null && { expires_at: Math.floor(Date.now() / 1_000) + CHECKOUT_LIFE_S }),
        },
        checkout.key === null ? {} : { idempotencyKey: checkout.key },
      ),
    );
    if (!session.url) throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
    return { id: session.id, url: session.url, expiresAt: new Date(session.expires_at * 1_000) };
  }

  async charge(attempt: TopUpAttempt): Promise<ChargeOutcome> {
    const client = this.#client;
    if (attempt.intent !== null) return this.#find(attempt.intent);
    return this.#charging(async () => {
      const paymentMethod = attempt.paymentMethod ?? (await this.#methodOf(attempt.savedIn));
      if (paymentMethod === null) throw new Refused('payment_method_missing', {});
      return client.paymentIntents.create(
        {
          amount: Number(centsOf(attempt.amountNanos)),
          currency: 'usd',
          customer: attempt.customer,
          payment_method: paymentMethod,
          confirm: true,
          off_session: true,
          metadata: { account_id: attempt.accountId, top_up_attempt: attempt.attemptId },
        },
        { idempotencyKey: `top-up:${attempt.attemptId}` },
      );
    });
  }

  async refund(refund: {
    readonly refundId: string;
    readonly intent: string;
    readonly amountNanos: bigint;
  }): Promise<RefundOutcome> {
    const client = this.#client;
    try {
      const made = await this.#call('refunds.create', () =>
        client.refunds.create(
          {
            payment_intent: refund.intent,
            amount: Number(centsOf(refund.amountNanos)),
            metadata: { refund_id: refund.refundId },
          },
          { idempotencyKey: `refund:${refund.refundId}` },
        ),
      );
      if (made.status === 'failed' || made.status === 'canceled')
        return { id: made.id, state: 'failed', error: made.failure_reason ?? made.status };
      return { id: made.id, state: made.status === 'succeeded' ? 'done' : 'sent', error: null };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { id: null, state: 'failed', error: error.reason };
    }
  }

  async #find(intent: string): Promise<ChargeOutcome> {
    return this.#charging(() => this.#client.paymentIntents.retrieve(intent));
  }

  async #methodOf(intent: string): Promise<string | null> {
    const { payment_method: method } = await this.#call('paymentIntents.retrieve', () =>
      this.#client.paymentIntents.retrieve(intent),
    );
    return typeof method === 'string' ? method : (method?.id ?? null);
  }

  async #charging(call: () => Promise<Stripe.PaymentIntent>): Promise<ChargeOutcome> {
    try {
      return paidByStripe(await this.#call('paymentIntents', call));
    } catch (error) {
      if (error instanceof Refused) return { kind: 'failed', error: error.reason };
      throw error;
    }
  }

  /** Stripe's "no" is a {@link Refused}; everything else leaves the outcome open, and the same call may be made again. */
  async #call<Answer>(what: string, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      if (error instanceof Stripe.errors.StripeCardError || error instanceof Stripe.errors.StripeInvalidRequestError)
        throw new Refused(wordOf(error.decline_code ?? error.code), { cause: error });
      if (error instanceof Stripe.errors.StripeIdempotencyError)
        throw new GatewayError('conflict', { message: 'The same id was used before with other values.', cause: error });
      const name = error instanceof Error ? error.constructor.name : typeof error;
      // The message may quote what was sent; its kind is enough to act on.
      this.#logger.warn(`${what} did not succeed: ${name}`);
      throw new GatewayError('service_unavailable', { cause: error, retryAfterMs: 5_000 });
    }
  }
}

/** Stripe has understood, and will not do it. `reason` is a word of Stripe's lists. */
class Refused extends GatewayError {
  constructor(
    readonly reason: string,
    options: ErrorOptions,
  ) {
    super('unprocessable', { ...options, message: `The payment provider refused it: ${reason}.` });
  }
}

function clientOf({ secretKey, apiBase }: StripeOptions): Stripe {
  const { hostname, port, protocol } = new URL(apiBase);
  return new Stripe(secretKey, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port !== '' && { port }),
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: CALL_RETRIES,
    telemetry: false,
  });
}
