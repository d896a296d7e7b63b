export * from './bound.js';
export { chargesByImage, costOf, withInputImages, type Cost } from './cost.js';
export { chargeNanos, dueNanos, repriceUsage, type Repriced } from './due.js';
export { jobBoundOf, type JobBoundInput } from './job-bound.js';
export { effectivePrice, type PriceConditionsMet, type UnitPrices } from './effective-price.js';
export { costsNothing } from './costs-nothing.js';
export * from './prompt-bound.js';
export { PAYMENT_CASES, payersOf, type Payers, type PaymentCase } from './who-pays.js';
export { pinnedPrice } from './service-tier.js';
export { tokensPerImage } from './tokens-per-image.js';
export {
  blendedPricePicos,
  PRICE_UNIT_NAMES,
  priceFromUsd,
  priceToUsd,
  type PriceConditions,
  type TierFields,
} from './usd.js';
