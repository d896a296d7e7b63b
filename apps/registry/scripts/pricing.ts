import { perUnit, times, withoutNoise } from './decimal.ts';
import type { Cost, ListedModel, ProviderRow } from './sources.ts';

type Tier = { [unit: string]: string | Record<string, string | number>[] };
export type ServiceTiers = { flex?: Tier; priority?: Tier };

export interface Pricing {
  [unit: string]: string | Record<string, string | number>[] | ServiceTiers | undefined;
  overrides?: Record<string, string | number>[];
  service_tiers?: ServiceTiers;
}

/** A price that cannot be used; the reason goes into the report. */
export class UnusablePrice extends Error {}

const UNITS = new Set([
  'prompt',
  'completion',
  'request',
  'image',
  'image_token',
  'image_output',
  'audio',
  'audio_output',
  'input_audio_cache',
  'web_search',
  'internal_reasoning',
  'input_cache_read',
  'input_cache_write',
  'input_cache_write_1h',
]);

/** OpenRouter's list calls the price of an image token `image`, as its equality with `prompt` shows; elsewhere it is per image. */
const MOST_PER_IMAGE_TOKEN = 0.0001;

/**
 * Models that search once for every request, asked or not, and report no count of it: their price of a search is one of the request.
 * A recorded bill of Sonar shows it.
 */
const SEARCHES_ALWAYS = /^perplexity\/(?!.*deep-research)/;

/**
 * Prices of OpenRouter's list: already per unit, as text. Zeros beside `prompt` and `completion` mean that there is no such price.
 * @throws UnusablePrice for what is negative, missing, or zero without the word "free".
 */
export function listedPricing(model: ListedModel, free: boolean): Pricing {
  const { overrides, ...units } = model.pricing;
  for (const unit of ['prompt', 'completion']) {
    const value = Number(units[unit] ?? Number.NaN);
    if (Number.isNaN(value)) throw new UnusablePrice(`${unit} is missing`);
    if (value < 0) throw new UnusablePrice(`${unit} is ${units[unit]}: the price depends on what is chosen`);
    if (value === 0 && !free) throw new UnusablePrice(`${unit} is 0 and the source does not say that it is free`);
  }
  const rows = (overrides ?? []).map((row) => unitPrices(row));
  const prices = Object.entries(unitPrices(units) as Record<string, string>).map(([unit, price]) => [
    unit === 'web_search' && SEARCHES_ALWAYS.test(model.id) ? 'request' : unit,
    price,
  ]);
  return {
    ...(Object.fromEntries(prices) as Record<string, string>),
    ...(rows.length > 0 && {
      overrides: rows.toSorted((a, b) => Number(a['min_prompt_tokens']) - Number(b['min_prompt_tokens'])),
    }),
  };
}

function unitPrices(units: Readonly<Record<string, string | number>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(units).flatMap(([name, value]): [string, string | number][] => {
      if (typeof value === 'number') return [[name, value]];
      const unit = name === 'image' && Number(value) < MOST_PER_IMAGE_TOKEN ? 'image_token' : name;
      const isPrice = unit === 'prompt' || unit === 'completion' || Number(value) > 0;
      return UNITS.has(unit) && isPrice ? [[unit, withoutNoise(value)]] : [];
    }),
  );
}

/** Anthropic's price for writing a cache that lives an hour is twice its price of input, in every cloud (recorded catalogues). */
const HOUR_CACHE_FACTOR = 2;
const CLAUDE = /(?:^|[./])claude-/;

/**
 * Prices of a provider's catalogue, which are per million tokens.
 * @throws UnusablePrice for what is missing, negative or zero: these catalogues write zero for "unknown" and "free tier" alike.
 */
export function providerPricing({ upstreamModel, cost, tiers }: ProviderRow): Pricing {
  const overrides = tiers
    .toSorted((left, right) => left.above - right.above)
    .map((tier) => ({ min_prompt_tokens: tier.above + 1, ...costUnits(tier, upstreamModel) }));
  return { ...costUnits(cost, upstreamModel), ...(overrides.length > 0 && { overrides }) };
}

/** Per unit, without what floating point left behind in the catalogue: 0.049999999999999996 per million is 0.05. */
const price = (perMillion: number): string => withoutNoise(perUnit(perMillion));

function costUnits(cost: Cost, upstreamModel: string): Record<string, string> {
  const { input, output, cacheRead, cacheWrite, audioInput } = cost;
  if (input === undefined || output === undefined) throw new UnusablePrice('the price is missing');
  if (!(input > 0) || !(output > 0)) throw new UnusablePrice(`the price is ${input}/${output} without the word free`);
  const prompt = price(input);
  return {
    prompt,
    completion: price(output),
    ...(cacheRead && { input_cache_read: price(cacheRead) }),
    ...(cacheWrite && { input_cache_write: price(cacheWrite) }),
    ...(cacheWrite && CLAUDE.test(upstreamModel) && { input_cache_write_1h: times(prompt, HOUR_CACHE_FACTOR) }),
    ...(audioInput && { audio: price(audioInput) }),
  };
}

/** Prices that the author's list has and the provider's catalogue leaves out, where both agree on the main ones. */
export function supplemented(own: Pricing, listed: Pricing | null): Pricing {
  if (!listed || listed['prompt'] !== own['prompt'] || listed['completion'] !== own['completion']) return own;
  return { ...listed, ...own };
}
