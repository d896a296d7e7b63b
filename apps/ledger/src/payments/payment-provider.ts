import { GatewayError } from '@switchyard/contracts';
import type { TopUpAttempt } from './auto-top-up.repository.js';

export interface NewCheckout {
  readonly accountId: string;
  readonly amountNanos: bigint;
  /** Whether the means of payment is kept for automatic top-up. */
  readonly saves: boolean;
  readonly customer: string | null;
  /** Makes a repeated call answer the same session. */
  readonly key: string | null;
}

export interface Checkout {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: Date;
}

/** A message of the provider whose signature fits. */
export interface ProviderMessage {
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly object: unknown;
}

/** What became of charging a saved means of payment. */
export type ChargeOutcome =
  | { readonly kind: 'succeeded'; readonly intent: string; readonly cents: number; readonly currency: string }
  | { readonly kind: 'processing'; readonly intent: string }
  | { readonly kind: 'failed'; readonly error: string };

export interface RefundOutcome {
  readonly id: string | null;
  readonly state: 'done' | 'sent' | 'failed';
  readonly error: string | null;
}

/** Who moves real money. Never called inside a transaction: an answer may take seconds or not come. */
export abstract class PaymentProvider {
  abstract readonly enabled: boolean;
  /** Messages of the other mode, test or live, are not ours. */
  abstract readonly liveMode: boolean;

  /** @throws GatewayError `not_found` where no payment provider is switched on. */
  assertEnabled(): void {
    if (!this.enabled) throw new GatewayError('not_found', { message: 'No payment provider is switched on here.' });
  }

  /**
   * The message, once its signature has shown who wrote it, and lately.
   * @throws GatewayError `invalid_request` otherwise.
   */
  abstract verify(body: Buffer, signature: string): ProviderMessage;
  /** @throws GatewayError `unprocessable` for what the provider refuses, `service_unavailable` without an answer. */
  abstract createCheckout(checkout: NewCheckout): Promise<Checkout>;
  /** Charges the saved means of payment; the same attempt never twice. @throws GatewayError when nobody knows the outcome. */
  abstract charge(attempt: TopUpAttempt): Promise<ChargeOutcome>;
  /** Pays back; the same refund never twice. @throws GatewayError when nobody knows the outcome. */
  abstract refund(refund: {
    readonly refundId: string;
    readonly intent: string;
    readonly amountNanos: bigint;
  }): Promise<RefundOutcome>;
}

/** Where credit is not sold. */
export class NoPaymentProvider extends PaymentProvider {
  readonly enabled = false;
  readonly liveMode = false;

  verify(): never {
    return this.#refuse();
  }

  async createCheckout(): Promise<never> {
    return this.#refuse();
  }

  async charge(): Promise<never> {
    return this.#refuse();
  }

  async refund(): Promise<never> {
    return this.#refuse();
  }

  #refuse(): never {
    this.assertEnabled();
    throw new TypeError('there is no payment provider');
  }
}
