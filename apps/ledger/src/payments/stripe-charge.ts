import type { Stripe } from 'stripe';
import type { ChargeOutcome } from './payment-provider.js';

/**
 * Reads https://docs.stripe.com/payments/paymentintents/lifecycle for a payment that was to be confirmed without its payer: whatever
 * asks for the payer has failed.
 */
export function paidByStripe(
  intent: Pick<Stripe.PaymentIntent, 'id' | 'status' | 'amount_received' | 'currency' | 'last_payment_error'>,
): ChargeOutcome {
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'succeeded', intent: intent.id, cents: intent.amount_received, currency: intent.currency };
    case 'processing':
      return { kind: 'processing', intent: intent.id };
    case 'requires_action':
    case 'requires_confirmation':
      return { kind: 'failed', error: 'authentication_required' };
    default: {
      const { decline_code: decline, code } = intent.last_payment_error ?? {};
      return { kind: 'failed', error: decline ?? code ?? intent.status };
    }
  }
}
