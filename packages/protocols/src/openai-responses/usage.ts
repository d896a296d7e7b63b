import type { CompletionEvent, Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { parseUpstreamCost, searchesIn } from '../openai-chat/usage.js';
import { bucketsOf, serviceTierOf } from '../usage-buckets.js';

/**
 * Reads the `usage` of a `response`: `input_tokens` contains what a cache gave or took, `output_tokens` the reasoning. xAI counts
 * searches in the usage; with OpenAI they are the `search` actions of the output (its price list bills those and not the opening
 * of a page), which is why the reader of the items counts them.
 * @returns null when there is no usage that can be believed
 */
export function parseUsage(response: JsonRecord, searchesSeen: number): Usage | null {
  const value = response['usage'];
  if (!isRecord(value)) return null;
  const [input, output] = [countOf(value['input_tokens']), countOf(value['output_tokens'])];
  // A negative count has been seen (o4-mini-deep-research: -9): then none of the figures means anything.
  if (input === undefined || output === undefined) return null;
  const inputDetails = recordOf(value['input_tokens_details']);
  const outputDetails = recordOf(value['output_tokens_details']);
  return bucketsOf({
    prompt: input,
    completion: output,
    cacheRead: countOf(inputDetails['cached_tokens']),
    cacheWrite: countOf(inputDetails['cache_write_tokens']),
    audioInput: countOf(inputDetails['audio_tokens']),
    imageInput: countOf(inputDetails['image_tokens']),
    reasoning: countOf(outputDetails['reasoning_tokens']),
    audioOutput: countOf(outputDetails['audio_tokens']),
    imageOutput: countOf(outputDetails['image_tokens']),
    searches: searchesIn(value) ?? searchesSeen,
    serviceTier: serviceTierOf(response['service_tier']),
  });
}

export function* usageEvents(response: JsonRecord, searchesSeen: number): Generator<CompletionEvent> {
  const usage = parseUsage(response, searchesSeen);
  if (!usage) return;
  const upstreamCostUsd = parseUpstreamCost(response['usage']);
  yield { type: 'usage', usage, ...(upstreamCostUsd !== undefined && { upstreamCostUsd }) };
}
