import { requestedTier } from '@switchyard/contracts';
import type { CompletionRequest, FunctionTool, ResponseFormat, ToolChoice } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { hashedUser } from '../privacy.js';
import { effortForBudget, mayDisable, nearestEffort, reasoningWish } from '../reasoning.js';
import type { RenderTarget } from '../types.js';

/** Efforts that every reasoning model behind this format knows. */
const COMMON_EFFORTS = ['high', 'medium', 'low'];
const DEFAULT_OUTPUT_TOKENS = 16_384;

/** Everything of a request body but the messages. Unknown fields of the client come first, so that none replaces a field of ours. */
export function renderParameters(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): JsonRecord {
  const { supportedParameters } = target.endpoint;
  const maxTokens = filter.take('max_tokens', request.maxTokens);
  const onlyNewName =
    supportedParameters.includes('max_completion_tokens') && !supportedParameters.includes('max_tokens');
  const tools = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  return compact({
    ...request.extra,
    model: target.endpoint.upstreamModel,
    ...(request.stream && { stream: true, stream_options: { include_usage: true } }),
    [onlyNewName ? 'max_completion_tokens' : 'max_tokens']: maxTokens,
    n: request.n,
    temperature: filter.take('temperature', request.temperature),
    top_p: filter.take('top_p', request.topP),
    top_k: filter.take('top_k', request.topK),
    min_p: filter.take('min_p', request.minP),
    top_a: filter.take('top_a', request.topA),
    frequency_penalty: filter.take('frequency_penalty', request.frequencyPenalty),
    presence_penalty: filter.take('presence_penalty', request.presencePenalty),
    repetition_penalty: filter.take('repetition_penalty', request.repetitionPenalty),
    seed: filter.take('seed', request.seed),
    stop: filter.take('stop', request.stop),
    logit_bias: filter.take('logit_bias', request.logitBias),
    logprobs: filter.take('logprobs', request.logprobs),
    top_logprobs: filter.take('top_logprobs', request.topLogprobs),
    tools: tools?.map(renderTool),
    tool_choice: tools && renderToolChoice(filter.take('tool_choice', request.toolChoice)),
    parallel_tool_calls: tools && filter.take('parallel_tool_calls', request.parallelToolCalls),
    response_format: renderResponseFormat(filter.take('response_format', request.responseFormat)),
    reasoning_effort: renderEffort(request, target, filter),
    verbosity: renderVerbosity(filter.take('verbosity', request.verbosity)),
    web_search_options: filter.take('web_search_options', request.webSearchOptions),
    prediction: filter.take('prediction', request.prediction),
    modalities: request.modalities,
    audio: request.audio,
    image_config: request.imageConfig,
    prompt_cache_key: request.promptCacheKey,
    service_tier: renderServiceTier(request, target, filter),
    user: request.user === undefined ? undefined : hashedUser(request.user),
  });
}

const renderTool = ({ name, description, parameters, strict }: FunctionTool): JsonRecord => ({
  type: 'function',
  function: compact({ name, description, parameters, strict }),
});

const renderToolChoice = (choice: ToolChoice | undefined): unknown =>
  typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice;

function renderResponseFormat(format: ResponseFormat | undefined): unknown {
  if (format?.type !== 'json_schema') return format;
  const { name, description, schema, strict } = format;
  return { type: 'json_schema', json_schema: compact({ name, description, schema, strict }) };
}

/** OpenAI has three levels; the two above them exist only with Anthropic. */
export const renderVerbosity = (verbosity: string | undefined): string | undefined =>
  verbosity === 'max' || verbosity === 'xhigh' ? 'high' : verbosity;

/** A tier is asked for only where its price is known: nobody could be charged for it otherwise. */
export function renderServiceTier(
  { serviceTier }: CompletionRequest,
  { endpoint: { price, tag } }: RenderTarget,
  filter: ParameterFilter,
): string | undefined {
  const tier = requestedTier(serviceTier);
  if (!tier) return serviceTier;
  if (price.serviceTiers?.[tier] || tag.endsWith(`/${tier}`)) return tier;
  filter.drop('service_tier');
  return undefined;
}

export function renderEffort(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): string | undefined {
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return undefined;
  const efforts = target.endpoint.reasoning?.efforts ?? [];
  if (wish.kind === 'off') {
    if (mayDisable(target.endpoint) && efforts.includes('none')) return 'none';
    filter.drop('reasoning');
    return undefined;
  }
  const output = request.maxTokens ?? target.endpoint.maxCompletionTokens ?? DEFAULT_OUTPUT_TOKENS;
  const wanted = wish.kind === 'effort' ? wish.effort : effortForBudget(wish.tokens, output);
  return nearestEffort(wanted, efforts.length > 0 ? efforts : COMMON_EFFORTS);
}
