import type { UsageEvent, UsageOutcome } from '@switchyard/contracts';
import { chargeNanos, dueNanos } from './due.js';

/**
 * Every way in which an attempt can end for the money, and what it goes into the books as; null is no entry at all. This list is
 * closed: whoever ends an attempt names one of these, and `docs/who-pays.md` says for each why.
 */
export const PAYMENT_CASES = {
  /** The model ended the answer, and the provider said what it used. */
  finished: { books: 'final' },
  /** The same, and the provider never said. */
  finished_unreported: { books: 'estimate' },
  /** No credit was left to go on (a hold in steps). */
  out_of_credit: { books: 'estimate' },
  /** The client left before the provider was called. */
  cancelled_unsent: { books: null },
  /** The client left, and the connection was closed: at once where that stops the bill, else at the limits of reading on. */
  cancelled_closed: { books: 'estimate' },
  /** The client left, and the answer was read to its end. */
  cancelled_drained: { books: 'final' },
  /** The client left, and the worker never told how the answer ended. */
  cancelled_untold: { books: 'estimate' },
  /** Nothing had reached the client: another endpoint may be asked under the same id. */
  failed_unheard: { books: null },
  /** The provider failed behind the first byte, or ended with an error. */
  failed_midway: { books: 'insured' },
  /** A worker, an edge or the broker failed behind the first byte. */
  gateway_failed: { books: 'insured' },
} as const satisfies Readonly<Record<string, { readonly books: UsageOutcome | null }>>;

export type PaymentCase = keyof typeof PAYMENT_CASES;

export interface Payers {
  /** What the customer is charged, nano-USD. */
  readonly customerNanos: bigint;
  /** What the house bears of the list price: all of it where the customer is insured, else what is above the bound. */
  readonly houseNanos: bigint;
}

type Booked = Pick<UsageEvent, 'outcome' | 'costPicos' | 'ownKey' | 'boundNanos'>;

/**
 * Who pays for an entry: the same rule as the ledger's, in the same nano-dollars. With a provider key of one's own the provider is
 * paid by the customer already, so what is left for anybody is the fee.
 */
export function payersOf({ outcome, costPicos, ownKey, boundNanos }: Booked): Payers {
  const dueOfAll = dueNanos(costPicos, ownKey);
  if (outcome === 'insured' || outcome === 'void') return { customerNanos: 0n, houseNanos: dueOfAll };
  const customerNanos = chargeNanos(costPicos, { ownKey, boundNanos });
  return { customerNanos, houseNanos: dueOfAll - customerNanos };
}
