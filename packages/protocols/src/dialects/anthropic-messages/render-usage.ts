import { completionTokens, usdNumber } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing } from '../../types.js';

/** The usage of a message: Anthropic counts cached input beside `input_tokens`; cost and source are the gateway's (spec 2.10). */
export function renderUsage(billing: Billing): JsonRecord {
  const { usage, costNanos, promptCostNanos, completionCostNanos } = billing;
  const cacheWrite = usage.cacheWriteTokens + usage.cacheWrite1hTokens;
  return {
    input_tokens: usage.inputTokens + usage.audioInputTokens + usage.imageInputTokens + usage.videoInputTokens,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: usage.cacheReadTokens + usage.cacheReadAudioTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: completionTokens(usage),
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    service_tier: 'standard',
    server_tool_use: usage.searches > 0 ? { web_search_requests: usage.searches } : null,
    cost: usdNumber(costNanos),
    is_byok: billing.isOwnKey ?? false,
    usage_source: usage.source,
    cost_details: {
      upstream_inference_cost: usdNumber(billing.listCostNanos ?? costNanos),
      upstream_inference_prompt_cost: usdNumber(promptCostNanos),
      upstream_inference_completions_cost: usdNumber(completionCostNanos),
    },
  };
}

/** What stands in `message_start`, before anything is known. */
export const NO_USAGE: JsonRecord = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
  service_tier: 'standard',
};
