import {
  ceilToNanos,
  PICOS_PER_NANO,
  type OwnKeyFee,
  type Price,
  type Usage,
  type UsageEvent,
} from '@switchyard/contracts';
import { costOf, type Cost } from './cost.js';
import { ceilDivide, UNDISCOUNTED_PPM } from './effective-price.js';

/**
 * What a customer owes for a cost, in nano-USD, rounded up once: all of it, or with a provider key of their own the fee on it.
 */
export const dueNanos = (costPicos: bigint, ownKey: OwnKeyFee | null): bigint =>
  ownKey === null
    ? ceilToNanos(costPicos)
    : ceilDivide(costPicos * BigInt(ownKey.feePpm), UNDISCOUNTED_PPM * PICOS_PER_NANO);

/** What is charged of it: nobody pays more than was held for their generation. */
export const chargeNanos = (
  costPicos: bigint,
  { ownKey, boundNanos }: { readonly ownKey: OwnKeyFee | null; readonly boundNanos: bigint },
): bigint => {
  const due = dueNanos(costPicos, ownKey);
  return due < boundNanos ? due : boundNanos;
};

export interface Repriced extends Cost {
  /** What the customer would owe for it. */
  readonly dueNanos: bigint;
}

/**
 * A usage of the past at a price, its own or another: what it costs, and what is owed for it. A row that was booked rightly
 * gives `costPicos` of its event again at its own price.
 */
export function repriceUsage(
  event: Pick<UsageEvent, 'admittedAtMs' | 'ownKey'> & { readonly usage: Usage },
  price: Price,
): Repriced {
  const cost = costOf(event.usage, price, event.admittedAtMs);
  return { ...cost, dueNanos: dueNanos(cost.picos, event.ownKey) };
}
