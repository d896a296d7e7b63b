import type { Price, PriceOverride } from '@switchyard/contracts';

/** A price with every fallback and override resolved: pico-USD for each unit of a usage. */
export interface UnitPrices {
  readonly inputTokens: bigint;
  readonly cacheReadTokens: bigint;
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
export const openOverrides = (price: Price, atMs: number): readonly PriceOverride[] =>
  (price.overrides ?? [])
    .filter((row) => isInWindow(row, atMs))
    .toSorted((a, b) => (a.minPromptTokens ?? 0) - (b.minPromptTokens ?? 0));

/**
 * The price of each unit for a prompt of this many tokens (all input buckets) admitted at this time. A price that is not named
 * falls back: cache and media input to `prompt` (1 h cache writes first to `cacheWrite`), reasoning and media output to
 * `completion`; requests and searches without a price are free.
 */
export function effectivePrice(price: Price, promptTokens: number, admittedAtMs: number): UnitPrices {
  const merged: Price = { ...price };
  for (const row of openOverrides(price, admittedAtMs))
    if ((row.minPromptTokens ?? 0) <= promptTokens) Object.assign(merged, named(row));
  const { prompt, completion } = merged;
  const cacheWrite = merged.cacheWrite ?? prompt;
  return {
    inputTokens: prompt,
    cacheReadTokens: merged.cacheRead ?? prompt,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: merged.cacheWrite1h ?? cacheWrite,
    audioInputTokens: merged.audioInput ?? prompt,
    imageInputTokens: merged.imageToken ?? prompt,
    videoInputTokens: prompt,
    outputTokens: completion,
    reasoningTokens: merged.reasoning ?? completion,
    audioOutputTokens: merged.audioOutput ?? completion,
    imageOutputTokens: merged.imageOutput ?? completion,
    requests: merged.request ?? 0n,
    searches: merged.webSearch ?? 0n,
  };
}

/** The prices that a row names: one that is there but undefined replaces nothing. */
const named = (row: PriceOverride): Partial<PriceOverride> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

export const UNDISCOUNTED_PPM = 1_000_000n;

/** What of every million is left to pay. */
export const payablePpm = (price: Price): bigint => UNDISCOUNTED_PPM - BigInt(price.discountPpm ?? 0);

export const ceilDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
