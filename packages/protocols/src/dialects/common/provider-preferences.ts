import { QUANTIZATIONS } from '@switchyard/contracts';
import type { ProviderPreferences } from '@switchyard/contracts';
import { z } from 'zod';
import { limitsOf, millisecondLimitsOf, percentileLimits } from './percentile-limits.js';
import { PICOS_SCALE, priceLimitPicos } from './price-limit.js';
import { MAX_NAME_LENGTH, optional, present } from './schema-helpers.js';

const MAX_SLUGS = 256;
const MAX_LEVELS = 64;

const slugs = optional(z.array(z.string().max(MAX_NAME_LENGTH)).max(MAX_SLUGS));
const flag = optional(z.boolean());

const SORT_KEYS = ['price', 'throughput', 'latency', 'exacto'] as const;
/** Closed: a mistyped `partition` would decide which model is paid for. */
const sort = z.union(
  [
    z.enum(SORT_KEYS).transform((by) => ({ by, partition: undefined })),
    z.strictObject({ by: optional(z.enum(SORT_KEYS)), partition: optional(z.enum(['model', 'none'])) }),
  ],
  'expected price, throughput, latency, exacto, or {by, partition} with the partition model or none',
);

const EXPECTED_PRICE = 'expected US dollars, zero or more, as a number or a decimal string';

const price = (scale: number) =>
  optional(
    z.union([z.number(), z.string()], EXPECTED_PRICE).transform((usd, context) => {
      const picos = priceLimitPicos(usd, scale);
      if (picos !== undefined) return picos;
      context.addIssue({ code: 'custom', message: EXPECTED_PRICE });
      return z.NEVER;
    }),
  );

/** Closed, other than the rest of the request: a limit with a mistyped name would be no limit. */
const maxPrice = z
  .object({
    prompt: price(PICOS_SCALE.perMillion),
    completion: price(PICOS_SCALE.perMillion),
    request: price(PICOS_SCALE.perUnit),
    image: price(PICOS_SCALE.perUnit),
    audio: price(PICOS_SCALE.perUnit),
  })
  .catchall(z.null('no known price; expected prompt, completion, request, image or audio'));

/** The `provider` object of a request (spec 2.4). */
export const provider = z.looseObject({
  order: slugs,
  only: slugs,
  ignore: slugs,
  allow_fallbacks: flag,
  require_parameters: flag,
  sort: optional(sort),
  max_price: optional(maxPrice),
  zdr: flag,
  data_collection: optional(z.enum(['allow', 'deny'])),
  quantizations: optional(z.array(z.enum(QUANTIZATIONS)).max(MAX_LEVELS)),
  enforce_distillable_text: flag,
  preferred_min_throughput: optional(percentileLimits),
  preferred_max_latency: optional(percentileLimits),
});

const ROUTED = new Set(Object.keys(provider.shape));

/** What routing makes of the `provider` object; fields that it does not know stay in `extra`. */
export function providerPreferences(preferences: z.output<typeof provider> | null | undefined): ProviderPreferences {
  return present({
    order: preferences?.order,
    only: preferences?.only,
    ignore: preferences?.ignore,
    allowFallbacks: preferences?.allow_fallbacks ?? true,
    requireParameters: preferences?.require_parameters ?? false,
    sort: preferences?.sort?.by,
    sortPartition: preferences?.sort?.partition,
    maxPrice: preferences?.max_price && present(preferences.max_price),
    zdr: preferences?.zdr,
    dataCollection: preferences?.data_collection,
    quantizations: preferences?.quantizations,
    enforceDistillableText: preferences?.enforce_distillable_text,
    preferredMinThroughput: limitsOf(preferences?.preferred_min_throughput),
    preferredMaxLatencyMs: millisecondLimitsOf(preferences?.preferred_max_latency),
    extra: Object.fromEntries(
      Object.entries(preferences ?? {}).filter(([key, value]) => !ROUTED.has(key) && value !== null),
    ),
  }) as unknown as ProviderPreferences;
}
