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
  audioOutput: picos,
  /** Per input image as a whole (not per token). */
  image: picos,
  imageToken: picos,
  imageOutput: picos,
  webSearch: picos,
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
});
export type Price = z.output<typeof Price>;
