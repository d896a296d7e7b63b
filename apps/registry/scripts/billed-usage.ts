import { usageOf, type Price, type Usage } from '@switchyard/contracts';
import { costOf, dueNanos } from '@switchyard/pricing';
import { protocolOf } from '@switchyard/protocols';

/** One line of the recordings: what OpenRouter reported as usage, and what it billed for it. */
export interface BilledUsage {
  readonly requested_model: string;
  readonly model: string;
  readonly provider: string;
  readonly usage: {
    readonly completion_tokens: number;
    readonly cost: number;
    readonly is_byok?: boolean;
    readonly cost_details?: Readonly<Record<string, number | null>>;
  };
}

/** Why a bill is what it is, as far as the catalogues at hand can tell. */
export type Finding =
  /** A listed price gives it, to the pico-dollar or to one nano-dollar. */
  | { readonly kind: 'listed'; readonly list: string; readonly exact: boolean }
  /** With an own key: nothing was billed, and a listed price gives what the provider charged. */
  | { readonly kind: 'own key' }
  /** No output: nothing was billed, and what the prompt cost is told beside it. */
  | { readonly kind: 'insured' }
  /** A free variant that no list has any more. */
  | { readonly kind: 'free' }
  /** Its tokens follow from a listed price; on top of them comes what a tool of OpenRouter's own cost. */
  | { readonly kind: 'server tool'; readonly surchargePicos: bigint }
  /** The provider had a price of its own that no list names; with that price the cost follows from the tokens. */
  | { readonly kind: 'price of the provider' }
  | { readonly kind: 'unexplained' };

export interface NamedPrice {
  readonly list: string;
  readonly price: Price;
}

const NANO = 1_000n;

/** Says how a bill comes about. Prices are tried in order; `noon` stands for the time of day, which the recordings do not tell. */
export function explain(row: BilledUsage, prices: readonly NamedPrice[]): Finding {
  const usage = usageIn(row);
  const billed = picosOf(row.usage.cost);
  const [prompt, completion] = ['prompt', 'completions'].map((part) =>
    picosOf(row.usage.cost_details?.[`upstream_inference_${part}_cost`] ?? 0),
  ) as [bigint, bigint];
  const costs = prices.map(({ list, price }) => ({ list, picos: costOf(usage, price, NOON).picos }));
  if (row.usage.is_byok) {
    const upstream = picosOf(row.usage.cost_details?.['upstream_inference_cost'] ?? -1);
    const isListed = costs.some(({ picos }) => near(picos, upstream));
    return isListed && dueNanos(upstream, { feePpm: 0 }) === billed ? { kind: 'own key' } : { kind: 'unexplained' };
  }
  const listed = costs.find(({ picos }) => picos === billed) ?? costs.find(({ picos }) => near(picos, billed));
  if (listed) return { kind: 'listed', list: listed.list, exact: listed.picos === billed };
  if (billed === 0n && row.usage.completion_tokens === 0 && prompt > 0n) return { kind: 'insured' };
  if (billed === 0n && row.model.endsWith(':free')) return { kind: 'free' };
  const tokens = { ...usage, searches: 0 };
  const surcharge = billed - prompt - completion;
  if (surcharge > NANO && prices.some(({ price }) => near(costOf(tokens, price, NOON).picos, prompt + completion)))
    return { kind: 'server tool', surchargePicos: surcharge };
  const implied = impliedPrice(usage, prompt, completion);
  return implied && near(costOf(usage, implied, NOON).picos, billed)
    ? { kind: 'price of the provider' }
    : { kind: 'unexplained' };
}

const NOON = Date.UTC(2026, 0, 1, 12, 0);

const near = (one: bigint, other: bigint): boolean => one - other < NANO && other - one < NANO;

/** The recordings are JSON numbers: twelve decimals are what they mean. */
const picosOf = (usd: number): bigint => BigInt(Math.round(usd * 1e12));

/** What the worker would read out of this usage. */
function usageIn({ usage }: BilledUsage): Usage {
  const body = { choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }], usage };
  const event = protocolOf('openai-chat')
    .parseResponse(body)
    .find(({ type }) => type === 'usage');
  return event?.type === 'usage' ? event.usage : usageOf({ source: 'none' });
}

/** Providers publish prices per million tokens with four decimals at most: 100 pico-dollars per token. */
const PUBLISHED_STEP = 100n;

/** What cached input costs beside other input: as much where there is no price for it, else by the shares of spec 4.2. */
const CACHE_SHARES = [1, 0.5, 0.25, 0.1].map((share) => BigInt(share * 100));

/**
 * The unit prices that the parts of a bill imply; null where these are not prices as a provider would publish them, which they would
 * hardly be if the tokens were not those that were billed.
 */
function impliedPrice(usage: Usage, promptPicos: bigint, completionPicos: bigint): Price | null {
  const output = BigInt(usage.outputTokens + usage.reasoningTokens);
  const [input, cached] = [BigInt(usage.inputTokens), BigInt(usage.cacheReadTokens)];
  const completion = published(completionPicos, output);
  for (const share of CACHE_SHARES) {
    const prompt = published(promptPicos * 100n, input * 100n + cached * share);
    if (prompt === null || completion === null) continue;
    return { version: 'implied', prompt, completion, cacheRead: (prompt * share) / 100n };
  }
  return null;
}

const published = (picos: bigint, tokens: bigint): bigint | null =>
  tokens > 0n && picos % (tokens * PUBLISHED_STEP) === 0n ? picos / tokens : null;
