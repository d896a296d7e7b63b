import { completionTokens, promptTokens, usdNumber } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing } from '../../types.js';

/** `usageMetadata`: thoughts are counted beside the candidates, cached tokens inside the prompt; cost and source are the gateway's. */
export function renderUsage(billing: Billing): JsonRecord {
  const { usage, costNanos, promptCostNanos, completionCostNanos } = billing;
  const [prompt, completion] = [promptTokens(usage), completionTokens(usage)];
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completion - usage.reasoningTokens,
    totalTokenCount: prompt + completion,
    thoughtsTokenCount: usage.reasoningTokens,
    cachedContentTokenCount: usage.cacheReadTokens + usage.cacheReadAudioTokens,
    cost: usdNumber(costNanos),
    isByok: billing.isOwnKey ?? false,
    usageSource: usage.source,
    costDetails: {
      upstreamInferenceCost: usdNumber(billing.listCostNanos ?? costNanos),
      upstreamInferencePromptCost: usdNumber(promptCostNanos),
      upstreamInferenceCompletionsCost: usdNumber(completionCostNanos),
    },
  };
}
