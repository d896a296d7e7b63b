import { z } from 'zod';
import { picos } from '../money.js';

const unitPrices = {
  /** Per input token; also per audio, image and video token where those have no price of their own. */
  prompt: picos,
  /** Per output token; also per reasoning token where that has no price of its own. */
  completion: picos,
  request: picos,
  cacheRead: picos,
  cacheWrite: picos,
  cacheWrite1h: picos,
  reasoning: picos,
  audioInput: picos,
  /** Per token of audio that was read from a cache; where it has no price of its own, that of `cacheRead`. */
  audioCacheRead: picos,
  audioOutput: picos,
  /** Per input image as a whole: charged only where the provider does not report the tokens of images. */
  image: picos,
  imageToken: picos,
  imageOutput: picos,
  webSearch: picos,
  /** Per character of a text that is spoken. */
  character: picos,
  /** Per second of audio that is heard. */
  second: picos,
  /** Per image that is made, whatever its size. */
  outputImage: picos,
} as const;

const optionalPrices = z.object(unitPrices).partial();

/** A long-context or off-peak price: the row replaces the prices it names when all its conditions hold. */
export const PriceOverride = optionalPrices.extend({
  /** Applies when the prompt (all input buckets) has at least this many tokens. */
  minPromptTokens: z.int().positive().optional(),
  /** UTC minutes since midnight, inclusive start and exclusive end; a window may wrap round midnight. */
  utcStartMinute: z.int().min(0).max(1439).optional(),
  utcEndMinute: z.int().min(0).max(1440).optional(),
});
export type PriceOverride = z.output<typeof PriceOverride>;

/** Ways of being served that have a price of their own; a provider's standard one is not among them. */
export const SERVICE_TIERS = ['flex', 'priority'] as const;
export const ServiceTier = z.enum(SERVICE_TIERS);
export type ServiceTier = z.output<typeof ServiceTier>;

const REQUESTED_TIERS: ReadonlyMap<string, ServiceTier> = new Map([
  ['flex', 'flex'],
  ['priority', 'priority'],
  ['fast', 'priority'],
]);

/** The tier that `service_tier` of a request makes eligible beside the standard one (spec 3.8). */
export const requestedTier = (serviceTier: string | undefined): ServiceTier | undefined =>
  serviceTier === undefined ? undefined : REQUESTED_TIERS.get(serviceTier);

/** What a service tier costs: the row replaces the prices it names, override rows of the price included, and has its own. */
export const TierPrice = optionalPrices.extend({ overrides: z.array(PriceOverride).max(16).optional() });
export type TierPrice = z.output<typeof TierPrice>;

/**
 * One row of the price book: pico-USD per unit. Immutable; a change is a new row with a new `version` and `validFrom`.
 * Unknown prices are absent rows, never zeros: zero means free.
 */
export const Price = optionalPrices.extend({
  version: z.string().min(1).max(64),
  prompt: picos,
  completion: picos,
  /** Parts per million taken off the sum. */
  discountPpm: z.int().min(0).max(1_000_000).optional(),
  overrides: z.array(PriceOverride).max(16).optional(),
  /** Billed is the tier that served, if the request asked for it (`pinnedPrice` of the pricing package); else this price as it is. */
  serviceTiers: z.partialRecord(ServiceTier, TierPrice).optional(),
});
export type Price = z.output<typeof Price>;
