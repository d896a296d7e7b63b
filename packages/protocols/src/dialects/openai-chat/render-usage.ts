import { completionTokens, promptTokens, usdNumber } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing } from '../../types.js';

/**
 * The `usage` of the public API (spec 2.7, 8.5): every count and cost a number, all details always there, because clients fail
 * on what is missing. `usage_source` is ours: whether the provider reported it or we counted.
 */
export function renderUsage(billing: Billing): JsonRecord {
  const { usage, costNanos, promptCostNanos, completionCostNanos } = billing;
  const [prompt, completion] = [promptTokens(usage), completionTokens(usage)];
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    cost: usdNumber(costNanos),
    is_byok: billing.isOwnKey ?? false,
    usage_source: usage.source,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens + usage.cacheReadAudioTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
      audio_tokens: usage.audioInputTokens,
      image_tokens: usage.imageInputTokens,
      video_tokens: usage.videoInputTokens,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioOutputTokens,
      image_tokens: usage.imageOutputTokens,
    },
    cost_details: {
      upstream_inference_cost: usdNumber(billing.listCostNanos ?? costNanos),
      upstream_inference_prompt_cost: usdNumber(promptCostNanos),
      upstream_inference_completions_cost: usdNumber(completionCostNanos),
    },
    ...(usage.searches > 0 && { server_tool_use: { web_search_requests: usage.searches } }),
  };
}
