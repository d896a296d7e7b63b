import { ceilToNanos, promptTokens, type Price, type Usage } from '@switchyard/contracts';
import { ceilDivide, effectivePrice, payablePpm, UNDISCOUNTED_PPM, type UnitPrices } from './effective-price.js';

export interface Cost {
  /** pico-USD, rounded up to a whole one where a discount left a fraction. */
  readonly picos: bigint;
  /** nano-USD: the exact cost rounded up once. */
  readonly nanos: bigint;
  /** pico-USD of every bucket that was used, after the discount; they sum to `picos`. */
  readonly buckets: Readonly<Record<string, bigint>>;
}

const BUCKETS = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'imageInputTokens',
  'videoInputTokens',
  'outputTokens',
  'reasoningTokens',
  'audioOutputTokens',
  'imageOutputTokens',
  'requests',
  'searches',
] as const satisfies readonly (keyof UnitPrices & keyof Usage)[];

/**
 * What a generation costs: the sum over all buckets of units times unit price, less the discount. `price.image` (per image) is
 * not charged, because providers report images as tokens.
 */
export function costOf(usage: Usage, price: Price, admittedAtMs: number): Cost {
  const units = effectivePrice(price, promptTokens(usage), admittedAtMs);
  const payable = payablePpm(price);
  const buckets: Record<string, bigint> = {};
  let sum = 0n;
  let picos = 0n;
  for (const bucket of BUCKETS) {
    if (usage[bucket] === 0) continue;
    sum += BigInt(usage[bucket]) * units[bucket];
    // Rounding the running total, not each bucket, keeps the one rounding and lets the buckets sum to the whole.
    const total = ceilDivide(sum * payable, UNDISCOUNTED_PPM);
    buckets[bucket] = total - picos;
    picos = total;
  }
  return { picos, nanos: ceilToNanos(picos), buckets };
}
