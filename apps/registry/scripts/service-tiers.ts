import { readFileSync } from 'node:fs';
import path from 'node:path';
import { plain } from './decimal.ts';
import type { EndpointFacts } from './openrouter.ts';
import { UnusablePrice, type Pricing, type ServiceTiers } from './pricing.ts';
import type { Report } from './report.ts';

/** LiteLLM's price of a model: US dollars per token under names like `input_cost_per_token_above_272k_tokens_flex`. */
type LiteLlmRow = Readonly<Record<string, unknown>>;

export const readLiteLlm = (folder: string): Readonly<Record<string, LiteLlmRow>> =>
  (
    JSON.parse(readFileSync(path.join(folder, 'catalogue/litellm-prices-2026-08.json'), 'utf8')) as {
      models: Record<string, LiteLlmRow>;
    }
  ).models;

const UNITS = {
  prompt: 'input_cost_per_token',
  completion: 'output_cost_per_token',
  input_cache_read: 'cache_read_input_token_cost',
  input_cache_write: 'cache_creation_input_token_cost',
} as const;
const TIERS = ['flex', 'priority'] as const;
type Tier = (typeof TIERS)[number];

/** Priority has cost up to two and a half times the standard price; ten times is a price of another model. */
const MOST_PRIORITY_FACTOR = 5;

/**
 * Endpoints with the prices of the service tiers, from a catalogue that has them, where it agrees with the standard price. A tier is
 * taken whole or not at all: what it left out would be billed at the standard price. Without a price nobody can ask for the tier.
 */
export const withServiceTiers = (
  endpoints: readonly EndpointFacts[],
  rows: Readonly<Record<string, LiteLlmRow>>,
  report: Report,
): EndpointFacts[] =>
  endpoints.map((endpoint) => {
    const row = rows[endpoint.upstreamModel];
    if (endpoint.provider !== 'openai' || !row || !agrees(endpoint.pricing, row)) return endpoint;
    const tiers: ServiceTiers = {};
    for (const tier of TIERS) {
      if (row[`${UNITS.prompt}_${tier}`] === undefined) continue;
      try {
        tiers[tier] = tierPricing(endpoint.pricing, row, tier);
      } catch (error) {
        if (!(error instanceof UnusablePrice)) throw error;
        report.dropped.push({ name: endpoint.upstreamModel, reason: `service tier ${tier}: ${error.message}` });
      }
    }
    if (Object.keys(tiers).length === 0) return endpoint;
    return { ...endpoint, pricing: { ...endpoint.pricing, service_tiers: tiers } };
  });

const agrees = (pricing: Pricing, row: LiteLlmRow): boolean =>
  (['prompt', 'completion'] as const).every((unit) => pricing[unit] === textOf(row[UNITS[unit]]));

const textOf = (value: unknown): string | undefined => (typeof value === 'number' ? plain(value) : undefined);

/** @throws UnusablePrice when a price of the standard tier has no counterpart, or one that cannot be */
function tierPricing(standard: Pricing, row: LiteLlmRow, tier: Tier): NonNullable<ServiceTiers[Tier]> {
  const units = counterparts(standard, row, tier, `_${tier}`);
  if (!standard.overrides) return units;
  const overrides = standard.overrides.map((override) => {
    const above = Number(override['min_prompt_tokens']) - 1;
    const infix = `_above_${above / 1000}k_tokens_${tier}`;
    return { min_prompt_tokens: above + 1, ...counterparts(override, row, tier, infix) };
  });
  return { ...units, overrides };
}

function counterparts(
  standard: Readonly<Record<string, unknown>>,
  row: LiteLlmRow,
  tier: Tier,
  suffix: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(UNITS).flatMap(([unit, name]) => {
      const own = standard[unit];
      if (typeof own !== 'string') return [];
      const text = textOf(row[`${name}${suffix}`]);
      if (text === undefined) throw new UnusablePrice(`${name}${suffix} is missing`);
      const factor = Number(text) / Number(own);
      const isPlausible = tier === 'flex' ? factor <= 1 : factor >= 1 && factor <= MOST_PRIORITY_FACTOR;
      if (!(Number(text) > 0) || !isPlausible) throw new UnusablePrice(`${name}${suffix} is ${text} beside ${own}`);
      return [[unit, text]];
    }),
  );
}
