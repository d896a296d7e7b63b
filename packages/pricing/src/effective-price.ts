import type { Price, PriceOverride, ServiceTier } from '@switchyard/contracts';

/** A price with every fallback and override resolved: pico-USD for each unit of a usage. */
export interface UnitPrices {
  readonly inputTokens: bigint;
  readonly cacheReadTokens: bigint;
  readonly cacheReadAudioTokens: bigint;
  readonly cacheWriteTokens: bigint;
  readonly cacheWrite1hTokens: bigint;
  readonly audioInputTokens: bigint;
  readonly imageInputTokens: bigint;
  readonly videoInputTokens: bigint;
  readonly outputTokens: bigint;
  readonly reasoningTokens: bigint;
  readonly audioOutputTokens: bigint;
  readonly imageOutputTokens: bigint;
  readonly requests: bigint;
  readonly searches: bigint;
  readonly inputImages: bigint;
  readonly inputCharacters: bigint;
  readonly inputSeconds: bigint;
  readonly outputImages: bigint;
}

/** What selects among the rows of a price. */
export interface PriceConditionsMet {
  /** All input buckets. */
  readonly promptTokens: number;
  readonly admittedAtMs: number;
  /** The tier that served; absent: the standard one. */
  readonly tier?: ServiceTier | undefined;
}

const MINUTES_PER_DAY = 1_440;
const MS_PER_MINUTE = 60_000;

/** Minute of the UTC day of a Unix time in milliseconds. */
const utcMinute = (atMs: number): number => {
  const minute = Math.floor(atMs / MS_PER_MINUTE) % MINUTES_PER_DAY;
  return minute < 0 ? minute + MINUTES_PER_DAY : minute;
};

function isInWindow({ utcStartMinute, utcEndMinute }: PriceOverride, atMs: number): boolean {
  if (utcStartMinute === undefined && utcEndMinute === undefined) return true;
  const start = utcStartMinute ?? 0;
  const end = utcEndMinute ?? MINUTES_PER_DAY;
  const minute = utcMinute(atMs);
  return start <= end ? minute >= start && minute < end : minute >= start || minute < end;
}

/** Override rows whose time window is open, those for longer prompts last: where two name the same price, the longer prompt's wins. */
const openRows = (rows: readonly PriceOverride[] | undefined, atMs: number): readonly PriceOverride[] =>
  (rows ?? [])
    .filter((row) => isInWindow(row, atMs))
    .toSorted((a, b) => (a.minPromptTokens ?? 0) - (b.minPromptTokens ?? 0));

/** Whether a price depends on anything: most are the same at every size and hour, and every request asks for several. */
export const hasRows = ({ overrides, serviceTiers }: Price): boolean =>
  serviceTiers !== undefined || (overrides !== undefined && overrides.length > 0);

/** Sizes of a prompt from which on another row holds, at this time and tier; 0 is always among them. */
export const promptThresholds = (price: Price, atMs: number, tier?: ServiceTier): readonly number[] => [
  0,
  ...[...openRows(price.overrides, atMs), ...openRows(tier && price.serviceTiers?.[tier]?.overrides, atMs)].map(
    (row) => row.minPromptTokens ?? 0,
  ),
];

/**
 * The price of each unit. Rows lie over each other, the later one wins for the prices that it names: the price itself, its
 * override rows, the row of the service tier, the override rows of that tier. A price that nothing names falls back: cache and media
 * input to `prompt` (1 h cache writes first to `cacheWrite`, cached audio first to `cacheRead`), reasoning and media output to
 * `completion`; requests, searches and everything else by the piece are free without a price.
 */
export function effectivePrice(price: Price, { promptTokens, admittedAtMs, tier }: PriceConditionsMet): UnitPrices {
  if (!hasRows(price)) return withFallbacks(price);
  const merged: Price = { ...price };
  const tierPrice = tier && price.serviceTiers?.[tier];
  const lay = (rows: readonly PriceOverride[]) => {
    for (const row of rows) if ((row.minPromptTokens ?? 0) <= promptTokens) Object.assign(merged, named(row));
  };
  lay(openRows(price.overrides, admittedAtMs));
  if (tierPrice) {
    const { overrides, ...units } = tierPrice;
    lay([units, ...openRows(overrides, admittedAtMs)]);
  }
  return withFallbacks(merged);
}

function withFallbacks(price: Price): UnitPrices {
  const { prompt, completion } = price;
  const cacheRead = price.cacheRead ?? prompt;
  const cacheWrite = price.cacheWrite ?? prompt;
  return {
    inputTokens: prompt,
    cacheReadTokens: cacheRead,
    cacheReadAudioTokens: price.audioCacheRead ?? cacheRead,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: price.cacheWrite1h ?? cacheWrite,
    audioInputTokens: price.audioInput ?? prompt,
    imageInputTokens: price.imageToken ?? prompt,
    videoInputTokens: prompt,
    outputTokens: completion,
    reasoningTokens: price.reasoning ?? completion,
    audioOutputTokens: price.audioOutput ?? completion,
    imageOutputTokens: price.imageOutput ?? completion,
    requests: price.request ?? 0n,
    searches: price.webSearch ?? 0n,
    inputImages: price.image ?? 0n,
    inputCharacters: price.character ?? 0n,
    inputSeconds: price.second ?? 0n,
    outputImages: price.outputImage ?? 0n,
  };
}

/** The prices that a row names: one that is there but undefined replaces nothing. */
const named = (row: PriceOverride): Partial<PriceOverride> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

export const UNDISCOUNTED_PPM = 1_000_000n;

/** What of every million is left to pay. */
export const payablePpm = (price: Price): bigint => UNDISCOUNTED_PPM - BigInt(price.discountPpm ?? 0);

export const ceilDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
