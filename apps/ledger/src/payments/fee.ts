import type { Fee } from './payments.repository.js';

export const NANOS_PER_CENT = 10_000_000n;

/** What payments are booked in: the smallest amount that can be paid is a cent. */
export const centsOf = (amountNanos: bigint): bigint => amountNanos / NANOS_PER_CENT;
export const nanosOfCents = (cents: number): bigint => BigInt(cents) * NANOS_PER_CENT;

const MILLION = 1_000_000n;

/** The fee on a payment, rounded up to whole nano-USD: so many millionths of it and at least the minimum. As `take_payment` books it. */
export function feeOf(paidNanos: bigint, { ppm, minNanos }: Fee): bigint {
  const share = (paidNanos * ppm + MILLION - 1n) / MILLION;
  return share > minNanos ? share : minNanos;
}
