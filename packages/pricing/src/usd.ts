import { formatPrice, Price, type PriceOverride, type ServiceTier, type TierPrice } from '@switchyard/contracts';

/** OpenRouter's names of unit prices (spec 2.2, `pricing`) and ours. */
const FIELDS = {
  prompt: 'prompt',
  completion: 'completion',
  request: 'request',
  image: 'image',
  image_token: 'imageToken',
  image_output: 'imageOutput',
  audio: 'audioInput',
  audio_output: 'audioOutput',
  input_audio_cache: 'audioCacheRead',
  web_search: 'webSearch',
  internal_reasoning: 'reasoning',
  input_cache_read: 'cacheRead',
  input_cache_write: 'cacheWrite',
  input_cache_write_1h: 'cacheWrite1h',
  // Ours: OpenRouter's form has no units for what is billed by the character, the second and the image that comes out.
  input_character: 'character',
  input_second: 'second',
  output_image: 'outputImage',
} as const;

type UnitField = (typeof FIELDS)[keyof typeof FIELDS];
const ENTRIES = Object.entries(FIELDS) as readonly (readonly [string, UnitField])[];

/** Every name that a unit price can have in OpenRouter's form. */
export const PRICE_UNIT_NAMES: ReadonlySet<string> = new Set(Object.keys(FIELDS));

type Row = Readonly<Record<string, string | number>>;

/** What a price row may have beside its unit prices. */
export interface PriceConditions {
  /** Fraction taken off the sum, as a decimal: `0.25` is a quarter. */
  readonly discount?: number;
  /** Rows of OpenRouter's `overrides`: unit prices as decimal strings, `min_prompt_tokens`, `utc_start` and `utc_end` as HHMM. */
  readonly overrides?: readonly Row[];
  /** Ours, not OpenRouter's: the unit prices of each service tier, and its override rows. */
  readonly serviceTiers?: Readonly<Partial<Record<ServiceTier, TierFields>>>;
}

export interface TierFields {
  readonly units: Readonly<Record<string, string>>;
  readonly overrides?: readonly Row[];
}

/**
 * Reads OpenRouter's form: US dollars per token, request or image as decimal strings. Fields that are not unit prices are ignored.
 * A price finer than a pico-dollar is rounded up to one: catalogues have some (`"0.00000008333333333333334"`, an hour's storage by the token).
 * @throws RangeError for a price that is negative or no plain decimal; ZodError when `prompt` or `completion` is missing.
 */
export function priceFromUsd(
  fields: Readonly<Record<string, string>>,
  version: string,
  { discount, overrides, serviceTiers }: PriceConditions = {},
): Price {
  return Price.parse(
    encodePicos({
      ...unitPrices(fields),
      version,
      ...(discount && { discountPpm: Math.round(discount * 1_000_000) }),
      ...overridesFromUsd(overrides),
      ...(serviceTiers && { serviceTiers: eachTier(serviceTiers, tierFromUsd) }),
    }),
  );
}

/**
 * The public form of a price: snake_case decimal strings of US dollars per unit; `discount` a fraction, `overrides` rows,
 * `service_tiers` by name.
 */
export function priceToUsd(price: Price): Record<string, unknown> {
  return {
    ...unitPricesToUsd(price),
    ...(price.discountPpm && { discount: price.discountPpm / 1_000_000 }),
    ...(price.overrides?.length && { overrides: price.overrides.map(overrideToUsd) }),
    ...(price.serviceTiers && { service_tiers: eachTier(price.serviceTiers, tierToUsd) }),
  };
}

const PROMPT_SHARE = 3n;

/**
 * One price for comparing endpoints, pico-USD per token: three parts prompt, one part completion. Where tokens cost nothing, that of the
 * piece: a character, a second, an image, a request.
 */
export const blendedPricePicos = ({ prompt, completion, character, second, outputImage, request }: Price): bigint =>
  (PROMPT_SHARE * prompt + completion) / (PROMPT_SHARE + 1n) ||
  (character ?? 0n) + (second ?? 0n) + (outputImage ?? 0n) + (request ?? 0n);

function unitPrices(fields: Readonly<Record<string, unknown>>): Partial<Record<UnitField, bigint>> {
  const found = ENTRIES.flatMap(([name, field]) => {
    const text = fields[name];
    if (typeof text !== 'string') return [];
    return [[field, picosOf(name, text)] as const];
  });
  return Object.fromEntries(found);
}

const PLAIN_DECIMAL = /^(\d{1,9})(?:\.(\d{1,40}))?$/;
const PICO_DIGITS = 12;

function picosOf(name: string, text: string): bigint {
  const match = PLAIN_DECIMAL.exec(text);
  if (!match) throw new RangeError(`the price ${name} is not a decimal of zero or more: ${text.slice(0, 40)}`);
  const [, whole = '0', fraction = ''] = match;
  const picos = BigInt(whole + fraction.slice(0, PICO_DIGITS).padEnd(PICO_DIGITS, '0'));
  return /[1-9]/.test(fraction.slice(PICO_DIGITS)) ? picos + 1n : picos;
}

function unitPricesToUsd(price: Partial<Record<UnitField, bigint>>): Record<string, unknown> {
  return Object.fromEntries(
    ENTRIES.flatMap(([name, field]) => {
      const picos = price[field];
      return picos === undefined ? [] : [[name, formatPrice(picos)]];
    }),
  );
}

const eachTier = <From, To>(tiers: Readonly<Partial<Record<ServiceTier, From>>>, to: (tier: From) => To) =>
  Object.fromEntries(Object.entries(tiers).map(([name, tier]) => [name, to(tier)]));

const tierFromUsd = ({ units, overrides }: TierFields): Record<string, unknown> => ({
  ...encodePicos(unitPrices(units)),
  ...overridesFromUsd(overrides),
});

const tierToUsd = ({ overrides, ...units }: TierPrice): Record<string, unknown> => ({
  ...unitPricesToUsd(units),
  ...(overrides?.length && { overrides: overrides.map(overrideToUsd) }),
});

const overridesFromUsd = (rows: readonly Row[] | undefined): { readonly overrides?: readonly object[] } =>
  rows && rows.length > 0 ? { overrides: rows.map((row) => encodePicos(overrideFromUsd(row))) } : {};

function overrideFromUsd(row: Row): PriceOverride {
  const { min_prompt_tokens: tokens, utc_start: start, utc_end: end } = row;
  return {
    ...unitPrices(row),
    ...(typeof tokens === 'number' && tokens > 0 && { minPromptTokens: tokens }),
    ...(typeof start === 'number' && { utcStartMinute: minuteOf(start) }),
    ...(typeof end === 'number' && { utcEndMinute: minuteOf(end) }),
  };
}

function overrideToUsd(row: PriceOverride): Record<string, unknown> {
  return {
    ...unitPricesToUsd(row),
    ...(row.minPromptTokens !== undefined && { min_prompt_tokens: row.minPromptTokens }),
    ...(row.utcStartMinute !== undefined && { utc_start: clockOf(row.utcStartMinute) }),
    ...(row.utcEndMinute !== undefined && { utc_end: clockOf(row.utcEndMinute) }),
  };
}

/** 1630 is half past four in the afternoon. */
const minuteOf = (clock: number): number => Math.floor(clock / 100) * 60 + (clock % 100);
const clockOf = (minute: number): number => Math.floor(minute / 60) * 100 + (minute % 60);

/** The wire form, so that the schema checks what was read. */
const encodePicos = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  );
