import type { Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { bucketsOf, serviceTierOf } from '../usage-buckets.js';

/**
 * Reads the usage of any OpenAI-compatible provider; null when there is none that can be believed. Cached tokens stand in
 * `prompt_tokens_details.cached_tokens` (OpenAI and most), `cached_tokens` (Together, Moonshot) or `prompt_cache_hit_tokens`
 * (DeepSeek). The tier that served stands beside the usage, not in it.
 *
 * Perplexity's deep research counts beside these what it read of its sources, which it bills as input, and what it thought
 * (docs.perplexity.ai/getting-started/pricing).
 */
export function parseUsage(value: unknown, serviceTier?: unknown): Usage | null {
  if (!isRecord(value)) return null;
  const named = countOf(value['prompt_tokens']);
  const completion = countOf(value['completion_tokens']);
  if (named === undefined && completion === undefined) return null;
  const research = researchIn(value);
  const cache = claudeCacheIn(value);
  const prompt = (named ?? 0) + research.input + cache.unnamed;
  const input = recordOf(value['prompt_tokens_details']);
  const output = recordOf(value['completion_tokens_details']);
  const tokens = outputTokens(
    prompt,
    (completion ?? 0) + research.reasoning,
    countOf(value['total_tokens']),
    countOf(output['reasoning_tokens']) ?? (research.reasoning || undefined),
  );
  return bucketsOf({
    prompt,
    completion: tokens.all,
    cacheRead:
      countOf(input['cached_tokens']) ??
      countOf(value['cached_tokens']) ??
      countOf(value['prompt_cache_hit_tokens']) ??
      cache.read,
    cacheWrite: countOf(input['cache_write_tokens']) ?? countOf(input['cache_creation_tokens']) ?? cache.write,
    audioInput: countOf(input['audio_tokens']),
    imageInput: countOf(input['image_tokens']),
    videoInput: countOf(input['video_tokens']),
    reasoning: tokens.reasoning,
    audioOutput: countOf(output['audio_tokens']),
    imageOutput: countOf(output['image_tokens']),
    searches: searchesIn(value),
    serviceTier: serviceTierOf(serviceTier),
  });
}

/** What only Perplexity has: tokens beside the two sums. A count of its queries tells that they are its own. */
function researchIn(usage: JsonRecord): { readonly input: number; readonly reasoning: number } {
  if (countOf(usage['num_search_queries']) === undefined) return { input: 0, reasoning: 0 };
  return { input: countOf(usage['citation_tokens']) ?? 0, reasoning: countOf(usage['reasoning_tokens']) ?? 0 };
}

/**
 * Databricks counts Claude's cache in Anthropic's words. Whether `prompt_tokens` contains it is nowhere said, so the sums tell: it
 * does not where the cache is larger, or where the total has room for it.
 */
function claudeCacheIn(usage: JsonRecord): { read?: number; write?: number; readonly unnamed: number } {
  const [read, write] = [countOf(usage['cache_read_input_tokens']), countOf(usage['cache_creation_input_tokens'])];
  const cached = (read ?? 0) + (write ?? 0);
  const prompt = countOf(usage['prompt_tokens']) ?? 0;
  const room = (countOf(usage['total_tokens']) ?? 0) - prompt - (countOf(usage['completion_tokens']) ?? 0);
  const isBeside = cached > 0 && (cached > prompt || room >= cached);
  return { ...(read !== undefined && { read }), ...(write !== undefined && { write }), unnamed: isBeside ? cached : 0 };
}

/**
 * Searches that are billed by the piece: xAI counts calls of its tools, all at one price, and always says `num_sources_used: 0`
 * beside them; Perplexity its queries, OpenRouter and Anthropic's form requests.
 */
export function searchesIn(usage: JsonRecord): number | undefined {
  const tools = recordOf(usage['server_side_tool_usage_details']);
  const calls = [countOf(tools['web_search_calls']), countOf(tools['x_search_calls'])];
  if (calls.some((count) => count !== undefined)) return calls.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return (
    countOf(usage['num_sources_used']) ??
    countOf(usage['num_search_queries']) ??
    countOf(recordOf(usage['server_tool_use'])['web_search_requests']) ??
    countOf(recordOf(usage['server_tool_use_details'])['web_search_requests'])
  );
}

/**
 * `completion_tokens` contains the reasoning with OpenAI and most others, but not with xAI, and Gemini's compatible API leaves
 * it out without naming it: then `total_tokens` is larger than the two sums, and what is missing was reasoning.
 */
function outputTokens(
  prompt: number,
  completion: number,
  total: number | undefined,
  reasoning: number | undefined,
): { readonly all: number; readonly reasoning: number | undefined } {
  const unnamed = (total ?? 0) - prompt - completion;
  if (unnamed <= 0) return { all: completion, reasoning };
  return { all: completion + unnamed, reasoning: Math.max(reasoning ?? 0, unnamed) };
}

/** What the provider says the call cost it, in dollars: OpenRouter's `cost`, Perplexity's with its parts, xAI's ticks of 10^-10 dollars. */
export function parseUpstreamCost(value: unknown): string | undefined {
  const usage = recordOf(value);
  const ticks = countOf(usage['cost_in_usd_ticks']);
  if (ticks !== undefined) {
    const digits = ticks.toString().padStart(11, '0');
    return `${digits.slice(0, -10)}.${digits.slice(-10)}`;
  }
  const cost = isRecord(usage['cost']) ? usage['cost']['total_cost'] : usage['cost'];
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 && cost < 1e9 ? decimal(cost) : undefined;
}

/** A number without exponent: at most 15 decimals, which is all that a JSON number of dollars can mean. */
const decimal = (value: number): string => value.toFixed(15).replace(/\.?0+$/, '') || '0';

/** Where a chunk or body carries usage: at the top, or with Groq also in its own object. */
export const usageFieldOf = (chunk: Readonly<Record<string, unknown>>): unknown => {
  if (isRecord(chunk['usage'])) return chunk['usage'];
  const groq = recordOf(chunk['x_groq']);
  return isRecord(groq['usage']) ? groq['usage'] : undefined;
};
