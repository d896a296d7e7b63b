import { completionTokens, promptTokens, usdNumber } from '@switchyard/contracts';
import type { FinishReason, GatewayError } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext } from '../../types.js';

/** What a response says of itself beside its output: what clients check for, whether it was asked for or not (spec 2.10). */
export function responseObject(context: RenderContext, echo: Readonly<JsonRecord>, fields: JsonRecord): JsonRecord {
  return {
    id: context.generationId,
    object: 'response',
    created_at: context.created,
    completed_at: null,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    metadata: {},
    model: context.model,
    provider: context.providerName,
    output: [],
    parallel_tool_calls: true,
    presence_penalty: null,
    frequency_penalty: null,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: 'default',
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_logprobs: 0,
    top_p: null,
    truncation: 'disabled',
    usage: null,
    user: null,
    ...echo,
    ...fields,
  };
}

/** How a response ended, in the words of the Responses API; `stop` says why the gateway ended it. */
export function endOf(reason: FinishReason | null, context: RenderContext, stop?: GatewayError | null): JsonRecord {
  if (reason === 'length') {
    const why = stop && { message: stop.message };
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens', ...why } };
  }
  if (reason === 'content_filter') return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', completed_at: Math.max(context.created, Math.floor(Date.now() / 1000)) };
}

export function renderUsage(billing: Billing): JsonRecord {
  const { usage, costNanos, promptCostNanos, completionCostNanos } = billing;
  const [input, output] = [promptTokens(usage), completionTokens(usage)];
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens + usage.cacheReadAudioTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: input + output,
    cost: usdNumber(costNanos),
    is_byok: billing.isOwnKey ?? false,
    usage_source: usage.source,
    cost_details: {
      upstream_inference_cost: usdNumber(billing.listCostNanos ?? costNanos),
      upstream_inference_input_cost: usdNumber(promptCostNanos),
      upstream_inference_output_cost: usdNumber(completionCostNanos),
    },
  };
}
