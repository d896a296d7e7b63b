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
  'cacheReadAudioTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'imageInputTokens',
  'videoInputTokens',
  'inputImages',
  'outputTokens',
  'reasoningTokens',
  'audioOutputTokens',
  'imageOutputTokens',
  'requests',
  'searches',
  'inputCharacters',
  'inputSeconds',
  'outputImages',
] as const satisfies readonly (keyof UnitPrices & keyof Usage)[];
type Bucket = (typeof BUCKETS)[number];

/**
 * What a generation costs: the sum over all buckets of units times unit price at the tier that served, less the discount. An
 * image is paid for once: by its tokens where the provider reports those, else as a whole at `price.image`.
 */
export function costOf(usage: Usage, price: Price, admittedAtMs: number): Cost {
  const units = effectivePrice(price, { promptTokens: promptTokens(usage), admittedAtMs, tier: usage.serviceTier });
  const payable = payablePpm(price);
  const buckets: Record<string, bigint> = {};
  let sum = 0n;
  let picos = 0n;
  for (const bucket of BUCKETS) {
    const used = billed(usage, bucket);
    if (used === 0) continue;
    sum += BigInt(used) * units[bucket];
    // Rounding the running total, not each bucket, keeps the one rounding and lets the buckets sum to the whole.
    const total = ceilDivide(sum * payable, UNDISCOUNTED_PPM);
    buckets[bucket] = total - picos;
    picos = total;
  }
  return { picos, nanos: ceilToNanos(picos), buckets };
}

const billed = (usage: Usage, bucket: Bucket): number =>
  bucket === 'inputImages' && usage.imageInputTokens > 0 ? 0 : (usage[bucket] ?? 0);

/** Some price of the book, of whatever row and tier, charges for whole images: only then are they worth counting. */
export const chargesByImage = (price: Price): boolean =>
  [price, ...Object.values(price.serviceTiers ?? {})].some(
    (row) => row.image !== undefined || row.overrides?.some(({ image }) => image !== undefined),
  );

/**
 * A usage with the images of its prompt, which no provider reports by the piece: counted only where the price asks for it, so that
 * a usage without that price stays as the provider reported it.
 */
export const withInputImages = (usage: Usage, price: Price, images: number): Usage =>
  images > 0 && chargesByImage(price) ? { ...usage, inputImages: images } : usage;
