import type { CompletionRequest, FunctionTool } from '@switchyard/contracts';
import { arrayOf, compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ParameterFilter } from '../parameters.js';
import { budgetForEffort, mayDisable, reasoningWish } from '../reasoning.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { renderDocuments, renderMessages } from './request-messages.js';

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'min_p',
  'top_a',
  'repetition_penalty',
  'logit_bias',
  'top_logprobs',
  'parallel_tool_calls',
  'verbosity',
  'web_search_options',
  'prediction',
] as const;

/** Cohere's own fields that a client may send through any dialect that keeps unknown ones. */
const OWN_FIELDS = ['citation_options', 'safety_mode', 'strict_tools', 'priority'] as const;

const MAX_STOP_SEQUENCES = 5;
/** `p` must lie strictly between 0 and 1, `k` below the size of a vocabulary. */
const [MIN_P, MAX_P, MAX_K] = [0.01, 0.99, 500];
const DEFAULT_OUTPUT_TOKENS = 4096;

/** Cohere's `POST /chat` (docs.cohere.com/reference/chat). */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const documents = [...arrayOf(request.extra['documents']), ...renderDocuments(request.messages)];
  const tools = renderTools(request, filter);
  if ((request.n ?? 1) > 1) filter.drop('n');
  filter.dropUnrenderable();
  const body = compact({
    ...Object.fromEntries(OWN_FIELDS.map((field) => [field, request.extra[field]])),
    model: target.endpoint.upstreamModel,
    messages: renderMessages(request.messages, target),
    stream: request.stream,
    max_tokens: filter.take('max_tokens', request.maxTokens),
    ...renderSampling(request, filter),
    stop_sequences: renderStop(filter.take('stop', request.stop), filter),
    logprobs: filter.take('logprobs', request.logprobs),
    ...tools,
    documents: documents.length > 0 ? documents : undefined,
    response_format: renderFormat(request, filter, tools['tools'] !== undefined || documents.length > 0),
    thinking: renderThinking(request, target, filter),
  });
  return { path: '/chat', headers: { 'content-type': 'application/json' }, body, dropped: filter.dropped };
}

/** Its scales end earlier than OpenAI's: temperatures and penalties at 1, and penalties begin at 0. */
function renderSampling(request: CompletionRequest, filter: ParameterFilter): JsonRecord {
  const temperature = filter.take('temperature', request.temperature);
  const [topP, topK] = [filter.take('top_p', request.topP), filter.take('top_k', request.topK)];
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    p: topP === undefined ? undefined : Math.min(Math.max(topP, MIN_P), MAX_P),
    k: topK === undefined ? undefined : Math.min(topK, MAX_K),
    frequency_penalty: penaltyOf(filter.take('frequency_penalty', request.frequencyPenalty)),
    presence_penalty: penaltyOf(filter.take('presence_penalty', request.presencePenalty)),
    seed: filter.take('seed', request.seed),
  };
}

const penaltyOf = (penalty: number | undefined): number | undefined =>
  penalty === undefined ? undefined : Math.min(Math.max(penalty, 0), 1);

function renderStop(stop: readonly string[] | undefined, filter: ParameterFilter): readonly string[] | undefined {
  if (stop && stop.length > MAX_STOP_SEQUENCES) filter.drop('stop');
  return stop?.slice(0, MAX_STOP_SEQUENCES);
}

/** Here a tool cannot be demanded by its name; one that is the only tool can. */
function renderTools(request: CompletionRequest, filter: ParameterFilter): JsonRecord {
  const tools = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  if (!tools) return {};
  const choice = filter.take('tool_choice', request.toolChoice);
  const named = typeof choice === 'object' ? tools.filter(({ name }) => name === choice.name) : tools;
  const offered = named.length > 0 ? named : tools;
  return compact({
    tools: offered.map(renderTool),
    tool_choice: choice === 'none' ? 'NONE' : choice === undefined || choice === 'auto' ? undefined : 'REQUIRED',
    strict_tools: offered.every(({ strict }) => strict === true) || undefined,
  });
}

const renderTool = ({ name, description, parameters }: FunctionTool): JsonRecord => ({
  type: 'function',
  function: compact({ name, description, parameters: parameters ?? { type: 'object', properties: {} } }),
});

/** A format cannot be demanded together with tools or documents. */
function renderFormat(request: CompletionRequest, filter: ParameterFilter, hasSources: boolean): unknown {
  const format = filter.take('response_format', request.responseFormat);
  if (format === undefined || format.type === 'text') return undefined;
  if (hasSources) {
    filter.drop('response_format');
    return undefined;
  }
  const schema = format.type === 'json_schema' ? format.schema : undefined;
  return compact({ type: 'json_object', json_schema: schema });
}

function renderThinking(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): JsonRecord | undefined {
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return undefined;
  if (wish.kind === 'off') {
    if (mayDisable(target.endpoint)) return { type: 'disabled' };
    filter.drop('reasoning');
    return undefined;
  }
  const output = request.maxTokens ?? target.endpoint.maxCompletionTokens ?? DEFAULT_OUTPUT_TOKENS;
  const budget = wish.kind === 'budget' ? wish.tokens : budgetForEffort(wish.effort, output);
  return { type: 'enabled', token_budget: Math.max(budget, 1) };
}
