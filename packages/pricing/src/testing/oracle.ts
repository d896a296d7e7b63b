import type { Price, PriceOverride, Usage } from '@switchyard/contracts';

/** An exact fraction of pico-dollars. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The cost of a usage once more, in fractions and written from the rules alone, to hold `costOf` against: a field is looked up
 * in the tier that served, then in the price itself, each time first in the matching override row with the highest threshold that
 * names it (of equals the last), then in its fallback.
 */
export function oracleCost(usage: Usage, price: Price, admittedAtMs: number): Fraction {
  const tokens = INPUT.reduce((sum, [bucket]) => sum + (usage[bucket] ?? 0), 0);
  const moment = new Date(admittedAtMs);
  const minute = moment.getUTCHours() * 60 + moment.getUTCMinutes();
  const inRows = (rows: readonly PriceOverride[] | undefined, field: Field): bigint | undefined => {
    let best: { threshold: number; picos: bigint } | undefined;
    for (const row of rows ?? []) {
      const picos = row[field];
      const threshold = row.minPromptTokens ?? 0;
      if (picos === undefined || threshold > tokens || !windowMinutes(row).has(minute)) continue;
      if (best === undefined || threshold >= best.threshold) best = { threshold, picos };
    }
    return best?.picos;
  };
  const tier = usage.serviceTier ? price.serviceTiers?.[usage.serviceTier] : undefined;
  const lookUp = (fields: readonly Field[]): bigint => {
    for (const field of fields) {
      const picos = inRows(tier?.overrides, field) ?? tier?.[field] ?? inRows(price.overrides, field) ?? price[field];
      if (picos !== undefined) return picos;
    }
    return 0n;
  };
  let numerator = 0n;
  for (const [bucket, ...fields] of [...INPUT, ...OUTPUT]) numerator += BigInt(usage[bucket] ?? 0) * lookUp(fields);
  // Images by the piece only where their tokens are not known.
  if (usage.imageInputTokens === 0) numerator += BigInt(usage.inputImages) * lookUp(['image']);
  return { numerator: numerator * BigInt(1_000_000 - (price.discountPpm ?? 0)), denominator: 1_000_000n };
}

/** The smallest whole number of `unit` that is not less than the fraction, found by checking and not by the formula under test. */
export function roundedUp({ numerator, denominator }: Fraction, unit: bigint): bigint {
  const whole = numerator / (denominator * unit);
  return whole * denominator * unit === numerator ? whole : whole + 1n;
}

type Field = keyof PriceOverride & keyof Price;
type Lines = readonly (readonly [Exclude<keyof Usage, 'source' | 'serviceTier'>, ...Field[]])[];

const INPUT: Lines = [
  ['inputTokens', 'prompt'],
  ['cacheReadTokens', 'cacheRead', 'prompt'],
  ['cacheReadAudioTokens', 'audioCacheRead', 'cacheRead', 'prompt'],
  ['cacheWriteTokens', 'cacheWrite', 'prompt'],
  ['cacheWrite1hTokens', 'cacheWrite1h', 'cacheWrite', 'prompt'],
  ['audioInputTokens', 'audioInput', 'prompt'],
  ['imageInputTokens', 'imageToken', 'prompt'],
  ['videoInputTokens', 'prompt'],
];
const OUTPUT: Lines = [
  ['outputTokens', 'completion'],
  ['reasoningTokens', 'reasoning', 'completion'],
  ['audioOutputTokens', 'audioOutput', 'completion'],
  ['imageOutputTokens', 'imageOutput', 'completion'],
  ['requests', 'request'],
  ['searches', 'webSearch'],
  ['inputCharacters', 'character'],
  ['inputSeconds', 'second'],
  ['outputImages', 'outputImage'],
];

function windowMinutes(row: PriceOverride): ReadonlySet<number> {
  const all = Array.from({ length: 1440 }, (_, minute) => minute);
  const { utcStartMinute: start = 0, utcEndMinute: end = 1440 } = row;
  if (start <= end) return new Set(all.slice(start, end));
  return new Set([...all.slice(start), ...all.slice(0, end)]);
}
