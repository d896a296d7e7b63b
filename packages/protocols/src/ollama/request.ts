import type { CompletionRequest, FunctionTool, ResponseFormat } from '@switchyard/contracts';
import { compact, recordOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ParameterFilter } from '../parameters.js';
import { effortForBudget, mayDisable, nearestEffort, reasoningWish } from '../reasoning.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { renderMessages } from './request-messages.js';

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'top_a',
  'logit_bias',
  'parallel_tool_calls',
  'verbosity',
  'web_search_options',
  'prediction',
] as const;

const EFFORTS = ['high', 'medium', 'low'];
const DEFAULT_OUTPUT_TOKENS = 16_384;

/** Ollama's own `POST /api/chat` (docs.ollama.com/api/chat); the base URL ends with `/api`. */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const options = renderOptions(request, filter);
  const tools = renderTools(request, filter);
  if ((request.n ?? 1) > 1) filter.drop('n');
  filter.dropUnrenderable();
  const body = compact({
    keep_alive: request.extra['keep_alive'],
    model: target.endpoint.upstreamModel,
    messages: renderMessages(request.messages),
    // Its default is to stream.
    stream: request.stream,
    tools: tools.length > 0 ? tools : undefined,
    format: renderFormat(filter.take('response_format', request.responseFormat)),
    options: Object.keys(options).length > 0 ? options : undefined,
    think: renderThink(request, target, filter),
    logprobs: filter.take('logprobs', request.logprobs),
    top_logprobs: filter.take('top_logprobs', request.topLogprobs),
  });
  return { path: '/chat', headers: { 'content-type': 'application/json' }, body, dropped: filter.dropped };
}

/** `options` of the client's own (`num_ctx`, `num_gpu`, …) stay, as far as no parameter of ours says otherwise. */
const renderOptions = (request: CompletionRequest, filter: ParameterFilter): JsonRecord =>
  compact({
    ...recordOf(request.extra['options']),
    ...compact({
      num_predict: filter.take('max_tokens', request.maxTokens),
      temperature: filter.take('temperature', request.temperature),
      top_p: filter.take('top_p', request.topP),
      top_k: filter.take('top_k', request.topK),
      min_p: filter.take('min_p', request.minP),
      repeat_penalty: filter.take('repetition_penalty', request.repetitionPenalty),
      frequency_penalty: filter.take('frequency_penalty', request.frequencyPenalty),
      presence_penalty: filter.take('presence_penalty', request.presencePenalty),
      seed: filter.take('seed', request.seed),
      stop: filter.take('stop', request.stop),
    }),
  });

/** There is no choice of tools: without any the model calls none, and one alone is all that can be demanded. */
function renderTools(request: CompletionRequest, filter: ParameterFilter): JsonRecord[] {
  const tools = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  const choice = tools && filter.take('tool_choice', request.toolChoice);
  if (!tools || choice === 'none') return [];
  if (choice === 'required' || typeof choice === 'object') filter.drop('tool_choice');
  const named = typeof choice === 'object' ? tools.filter(({ name }) => name === choice.name) : [];
  return (named.length > 0 ? named : tools).map(renderTool);
}

const renderTool = ({ name, description, parameters }: FunctionTool): JsonRecord => ({
  type: 'function',
  function: compact({ name, description, parameters: parameters ?? { type: 'object', properties: {} } }),
});

const renderFormat = (format: ResponseFormat | undefined): unknown => {
  if (format === undefined || format.type === 'text') return undefined;
  return format.type === 'json_schema' && format.schema ? format.schema : 'json';
};

/** Models with levels take a word, the others yes or no. */
function renderThink(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): boolean | string | undefined {
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return undefined;
  const { endpoint } = target;
  if (wish.kind === 'off') {
    if (mayDisable(endpoint)) return false;
    filter.drop('reasoning');
    return undefined;
  }
  const levels = (endpoint.reasoning?.efforts ?? []).filter((effort) => EFFORTS.includes(effort));
  if (levels.length === 0) return true;
  const output = request.maxTokens ?? endpoint.maxCompletionTokens ?? DEFAULT_OUTPUT_TOKENS;
  return nearestEffort(wish.kind === 'effort' ? wish.effort : effortForBudget(wish.tokens, output), levels);
}
