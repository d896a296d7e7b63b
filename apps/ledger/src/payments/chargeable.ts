import { formatUsd, GatewayError } from '@switchyard/contracts';
import { feeOf, NANOS_PER_CENT } from './fee.js';
import type { Fee } from './payments.repository.js';

/** What Stripe charges in US dollars at the least and at the most: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const LEAST_NANOS = 50n * NANOS_PER_CENT;
const MOST_NANOS = 99_999_999n * NANOS_PER_CENT;

/**
 * The fee on an amount that a payer can be charged.
 * @throws GatewayError `invalid_request` for parts of a cent, for what is too little or too much, and for what the fee eats up.
 */
export function assertChargeable(amountNanos: bigint, fee: Fee): bigint {
  if (amountNanos % NANOS_PER_CENT !== 0n) throw refusal('An amount that is charged is a number of whole cents.');
  if (amountNanos < LEAST_NANOS || amountNanos > MOST_NANOS)
    throw refusal(
      `An amount that is charged is from ${formatUsd(LEAST_NANOS)} to ${formatUsd(MOST_NANOS)} US dollars.`,
    );
  const feeNanos = feeOf(amountNanos, fee);
  if (feeNanos >= amountNanos)
    throw refusal(`The amount must be more than the fee of ${formatUsd(feeNanos)} US dollars.`);
  return feeNanos;
}

const refusal = (message: string): GatewayError => new GatewayError('invalid_request', { message });
