import { apiTypeOf, completionTokens, formatPrice, formatUsd, promptTokens, usdNumber } from '@switchyard/contracts';
import type { Attempt, UsageEvent } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import type { KnownGeneration } from './recent-generations.js';

/** `data` of `GET /generation`: the keys of OpenRouter's record (spec 4.6 and Annex C), and below them what only we tell. */
export function generationView({ generation, usage, chargedNanos }: KnownGeneration): Record<string, unknown> {
  const charged = chargedNanos ?? 0n;
  return {
    id: generation.id,
    created_at: generation.createdAt,
    model: generation.model ?? generation.requestedModel,
    api_type: apiTypeOf(generation.dialect),
    origin: generation.httpReferer ?? '',
    app_id: null,
    http_referer: generation.httpReferer,
    user_agent: generation.userAgent,
    external_user: generation.externalUser,
    session_id: generation.sessionId,
    request_id: null,
    preset_id: null,
    workspace_id: generation.workspaceId,
    provider_name: generation.providerName,
    provider_responses: generation.attempts.map(providerResponse),
    upstream_id: generation.upstreamId,
    router: null,
    service_tier: usage?.usage.serviceTier ?? null,
    data_region: 'global',
    streamed: generation.streamed,
    cancelled: generation.cancelled,
    finish_reason: generation.finishReason,
    native_finish_reason: generation.nativeFinishReason,
    ...(generation.responseCacheSourceId === undefined ? tokens(usage) : NO_TOKENS),
    web_search_engine: null,
    latency: generation.latencyMs,
    generation_time: generation.generationMs,
    moderation_latency: null,
    total_cost: usdNumber(charged),
    usage: usdNumber(charged),
    cache_discount: null,
    upstream_inference_cost: usage ? usdNumber(usage.costNanos) : null,
    is_byok: (usage?.ownKey ?? null) !== null,
    response_cache_source_id: generation.responseCacheSourceId ?? null,
    ...receipt({ generation, usage, chargedNanos }),
  };
}

/** What was given again cost no tokens, which is known. */
const NO_TOKENS = {
  tokens_prompt: 0,
  tokens_completion: 0,
  native_tokens_prompt: 0,
  native_tokens_completion: 0,
  native_tokens_reasoning: 0,
  native_tokens_cached: 0,
  native_tokens_completion_images: 0,
  num_media_prompt: null,
  num_media_completion: null,
  num_input_audio_prompt: null,
  num_search_results: 0,
  num_fetches: null,
};

function tokens(event: UsageEvent | null): Record<string, number | null> {
  const usage = event?.usage ?? null;
  const prompt = usage && promptTokens(usage);
  const completion = usage && completionTokens(usage);
  return {
    tokens_prompt: prompt,
    tokens_completion: completion,
    native_tokens_prompt: prompt,
    native_tokens_completion: completion,
    native_tokens_reasoning: usage?.reasoningTokens ?? null,
    native_tokens_cached: usage && usage.cacheReadTokens + usage.cacheReadAudioTokens,
    native_tokens_completion_images: usage?.imageOutputTokens ?? null,
    num_media_prompt: null,
    num_media_completion: null,
    num_input_audio_prompt: null,
    num_search_results: usage?.searches ?? null,
    num_fetches: null,
  };
}

const providerResponse = (attempt: Attempt): Record<string, unknown> => ({
  endpoint_id: attempt.endpointId,
  ...(attempt.upstreamId !== null && { id: attempt.upstreamId }),
  is_byok: false,
  latency: attempt.firstTokenMs ?? attempt.headersMs ?? attempt.totalMs,
  model_permaslug: attempt.model,
  provider_name: attempt.providerName,
  status: attempt.status,
});

/** How the answer came about and what it cost, bucket by bucket, in exact decimal dollars. */
function receipt({ generation, usage, chargedNanos }: KnownGeneration): Record<string, unknown> {
  const cost = usage && costOf(usage.usage, usage.price, usage.admittedAtMs);
  return {
    requested_model: generation.requestedModel,
    status: generation.status,
    error_code: generation.errorCode,
    attempts: generation.attempts.map(attemptView),
    candidates: generation.candidates.map(({ endpointId, kept, reason }) => ({
      endpoint_id: endpointId,
      kept,
      reason,
    })),
    price_version: generation.priceVersion,
    overhead: generation.overheadMs,
    bound: formatUsd(generation.boundNanos),
    charged: chargedNanos === null ? null : formatUsd(chargedNanos),
    cost: usage ? formatPrice(usage.costPicos) : null,
    cost_per_bucket: cost && mapValues(cost.buckets, formatPrice),
    usage_source: usage?.usage.source ?? null,
    usage_outcome: usage?.outcome ?? null,
  };
}

const attemptView = (attempt: Attempt): Record<string, unknown> => ({
  number: attempt.number,
  endpoint_id: attempt.endpointId,
  provider_name: attempt.providerName,
  model: attempt.model,
  reason: attempt.reason,
  outcome: attempt.outcome,
  status: attempt.status,
  error_code: attempt.errorCode,
  worker: attempt.worker,
  started_at: new Date(attempt.startedAtMs).toISOString(),
  headers_ms: attempt.headersMs,
  first_token_ms: attempt.firstTokenMs,
  total_ms: attempt.totalMs,
  dropped_params: attempt.droppedParameters ?? [],
  stripped_reasoning: attempt.strippedReasoning ?? 0,
  left: attempt.left ?? null,
  cost: attempt.costNanos === undefined ? null : formatUsd(attempt.costNanos),
  payer: attempt.payer ?? null,
});

const mapValues = <From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
