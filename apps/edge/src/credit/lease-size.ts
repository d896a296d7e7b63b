/** The smallest lease worth a question to the ledger: a cent. */
export const MIN_LEASE_NANOS = 10_000_000n;
/** The most that one key asks for beyond its need; the ledger clamps to a share of the account as well. */
export const MAX_LEASE_NANOS = 10_000_000_000n;
/** Percent of the size under which the lease is topped up in the background. */
const LOW_WATER_PERCENT = 40n;

/** How much room a lease should have: ten seconds of the key's spending, between a cent and ten dollars. */
export function leaseSizeNanos(spendPerWindowNanos: bigint): bigint {
  if (spendPerWindowNanos < MIN_LEASE_NANOS) return MIN_LEASE_NANOS;
  return spendPerWindowNanos > MAX_LEASE_NANOS ? MAX_LEASE_NANOS : spendPerWindowNanos;
}

export const isLow = (roomNanos: bigint, sizeNanos: bigint): boolean =>
  roomNanos * 100n < sizeNanos * LOW_WATER_PERCENT;
