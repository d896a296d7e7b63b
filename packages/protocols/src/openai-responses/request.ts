import type { CompletionRequest, FunctionTool, ToolChoice } from '@switchyard/contracts';
import { compact, isRecord, recordOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { renderEffort, renderServiceTier, renderVerbosity } from '../openai-chat/request-parameters.js';
import { ParameterFilter, supports } from '../parameters.js';
import { hashedUser } from '../privacy.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { renderInput } from './request-input.js';
import { encryptsReasoning } from './wire.js';

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'seed',
  'stop',
  'logit_bias',
  'prediction',
] as const;

/** OpenAI's `POST /responses` (platform.openai.com/docs/api-reference/responses/create). Nothing is stored at the provider. */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const { instructions, input } = renderInput(request.messages, target);
  const logprobs = filter.take('logprobs', request.logprobs);
  const tools = renderTools(request, target, filter);
  if ((request.n ?? 1) > 1) filter.drop('n');
  filter.dropUnrenderable();
  const include = [
    // Nothing is stored, so that the next turn can only go on with what stands in the answer.
    ...(wantsSeal(target) ? [ENCRYPTED_REASONING] : []),
    ...(logprobs ? [LOGPROBS] : []),
  ];
  const body = compact({
    model: target.endpoint.upstreamModel,
    ...(request.stream && { stream: true }),
    instructions,
    input,
    max_output_tokens: filter.take('max_tokens', request.maxTokens),
    temperature: filter.take('temperature', request.temperature),
    top_p: filter.take('top_p', request.topP),
    top_logprobs: filter.take('top_logprobs', request.topLogprobs),
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? renderToolChoice(filter.take('tool_choice', request.toolChoice)) : undefined,
    parallel_tool_calls: tools.length > 0 ? filter.take('parallel_tool_calls', request.parallelToolCalls) : undefined,
    text: renderText(request, filter),
    reasoning: renderReasoning(request, target, filter),
    include: include.length > 0 ? include : undefined,
    prompt_cache_key: request.promptCacheKey,
    service_tier: renderServiceTier(request, target, filter),
    safety_identifier: request.user === undefined ? undefined : hashedUser(request.user),
    store: false,
  });
  return { path: '/responses', headers: { 'content-type': 'application/json' }, body, dropped: filter.dropped };
}

/** Values of `include`. */
export const ENCRYPTED_REASONING = 'reasoning.encrypted_content';
export const LOGPROBS = 'message.output_text.logprobs';

const wantsSeal = ({ endpoint }: RenderTarget): boolean =>
  supports(endpoint, 'reasoning') && encryptsReasoning(endpoint.provider);

function renderTools(request: CompletionRequest, target: RenderTarget, filter: ParameterFilter): JsonRecord[] {
  const functions = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  const search = filter.take('web_search_options', request.webSearchOptions);
  const pictures = request.modalities?.includes('image') === true && target.endpoint.outputModalities.includes('image');
  return [
    ...(functions ?? []).map(renderTool),
    ...(search === undefined ? [] : [renderSearch(recordOf(search))]),
    ...(pictures ? [{ type: 'image_generation' }] : []),
  ];
}

/** Here tools are strict unless they say that they are not, and have parameters always. */
const renderTool = ({ name, description, parameters, strict }: FunctionTool): JsonRecord =>
  compact({
    type: 'function',
    name,
    description,
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  });

/** Chat completions wrap the place in `approximate`, this format does not. */
function renderSearch(options: JsonRecord): JsonRecord {
  const place = recordOf(options['user_location']);
  return compact({
    type: 'web_search',
    search_context_size: options['search_context_size'],
    user_location: isRecord(place['approximate']) ? { type: 'approximate', ...place['approximate'] } : undefined,
  });
}

const renderToolChoice = (choice: ToolChoice | undefined): unknown =>
  typeof choice === 'object' ? { type: 'function', name: choice.name } : choice;

function renderText(request: CompletionRequest, filter: ParameterFilter): JsonRecord | undefined {
  const format = filter.take('response_format', request.responseFormat);
  const text = compact({
    format: format?.type === 'json_schema' ? renderSchema(format) : format,
    verbosity: renderVerbosity(filter.take('verbosity', request.verbosity)),
  });
  return Object.keys(text).length > 0 ? text : undefined;
}

const renderSchema = ({
  name,
  description,
  schema,
  strict,
}: Extract<CompletionRequest['responseFormat'], { type: 'json_schema' }>): JsonRecord =>
  compact({ type: 'json_schema', name, description, schema: schema ?? { type: 'object' }, strict });

/** Whoever asks for reasoning and does not hide it wants to read it; here a summary is all that can be read. */
function renderReasoning(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): JsonRecord | undefined {
  const effort = renderEffort(request, target, filter);
  const visible = effort !== undefined && effort !== 'none' && request.reasoning?.exclude !== true;
  const wanted = supports(target.endpoint, 'reasoning') ? request.reasoning?.summary : undefined;
  const reasoning = compact({ effort, summary: wanted ?? (visible ? 'auto' : undefined) });
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}
