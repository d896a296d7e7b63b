import type { EndpointHealth } from '@switchyard/contracts';
import { priceToUsd } from '@switchyard/pricing';
import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { ConditionState } from '../health/endpoint-condition.js';

/** OpenRouter documents 0 as normal and leaves the meaning of the negative ones open; these are ours. */
const STATUS: Readonly<Record<ConditionState, number>> = { healthy: 0, outage: -1, half_open: -2, ejected: -3 };

/** An endpoint as `GET /models/{author}/{slug}/endpoints` shows it: `PublicEndpoint` of spec 1.2 and Annex C. */
export function publicEndpoint(
  { endpoint, model, supportedParameters }: PreparedEndpoint,
  state: ConditionState,
  health: EndpointHealth | null,
): Record<string, unknown> {
  const tools = supportedParameters.has('tools');
  const choice = tools && supportedParameters.has('tool_choice');
  return {
    name: `${endpoint.providerName} | ${model.canonicalSlug}`,
    model_id: model.id,
    model_name: model.name,
    context_length: endpoint.contextLength,
    pricing: priceToUsd(endpoint.price),
    provider_name: endpoint.providerName,
    tag: endpoint.tag,
    quantization: endpoint.quantization,
    max_completion_tokens: endpoint.maxCompletionTokens,
    max_prompt_tokens: endpoint.maxPromptTokens,
    supported_parameters: endpoint.supportedParameters,
    supports_tool_choice: { auto: tools, function: choice, none: choice, required: choice },
    status: STATUS[state],
    uptime_last_5m: health?.uptime.last5m ?? null,
    uptime_last_30m: health?.uptime.last30m ?? null,
    uptime_last_1d: health?.uptime.last1d ?? null,
    latency_last_30m: health?.windows.last30m.latencyMs ?? null,
    throughput_last_30m: health?.windows.last30m.throughput ?? null,
    supports_implicit_caching: endpoint.supportsImplicitCaching,
    supports_voice_cloning: false,
  };
}
