import type { Price } from '@switchyard/contracts';

/** No use of the endpoint costs anything: every price of the row is zero, those of its overrides and tiers too. */
export const costsNothing = (price: Price): boolean => everyPriceIsZero(price);

function everyPriceIsZero(value: unknown): boolean {
  if (typeof value === 'bigint') return value === 0n;
  return typeof value !== 'object' || value === null || Object.values(value).every(everyPriceIsZero);
}
