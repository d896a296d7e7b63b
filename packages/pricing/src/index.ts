export * from './bound.js';
export { costOf, type Cost } from './cost.js';
export { effectivePrice, type UnitPrices } from './effective-price.js';
export { blendedPricePicos, priceFromUsd, priceToUsd, type PriceConditions } from './usd.js';
