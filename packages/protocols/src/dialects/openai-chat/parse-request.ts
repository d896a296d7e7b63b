import { GatewayError } from '@switchyard/contracts';
import type { CompletionRequest, Message, ReasoningOptions } from '@switchyard/contracts';
import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { describeIssue } from '../common/issue-message.js';
import { routingOf } from '../common/routing-fields.js';
import { GATEWAY_FIELDS, chatRequest, readChatRequest } from './request-schema.js';
import type { ChatRequest } from './request-schema.js';
import { present } from '../common/schema-helpers.js';

const KNOWN_FIELDS = new Set([...Object.keys(chatRequest.shape), ...GATEWAY_FIELDS]);

/**
 * Reads the body of `POST /chat/completions` (spec 2.2). Unknown fields are kept in `extra`, known ones must be right, `null`
 * means absent.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault.
 */
export function parseRequest(body: unknown): CompletionRequest {
  if (!isRecord(body)) throw invalid('', 'body: expected a JSON object');
  const result = readChatRequest(body);
  if (!result.success) {
    const { path, message } = describeIssue(result.error);
    throw invalid(path, message);
  }
  return canonicalRequest(result.data, body);
}

const invalid = (path: string, message: string): GatewayError =>
  new GatewayError('invalid_request', { message, ...(path && { metadata: { path } }) });

function canonicalRequest(request: ChatRequest, body: JsonRecord): CompletionRequest {
  const reasoning = reasoningOptions(request);
  return present({
    ...routingOf(request),
    messages: messagesOf(request),
    stream: request.stream ?? false,
    maxTokens: request.max_completion_tokens ?? request.max_tokens,
    n: request.n,
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    minP: request.min_p,
    topA: request.top_a,
    frequencyPenalty: request.frequency_penalty,
    presencePenalty: request.presence_penalty,
    repetitionPenalty: request.repetition_penalty,
    seed: request.seed,
    stop: request.stop,
    logitBias: request.logit_bias,
    logprobs: request.logprobs,
    topLogprobs: request.top_logprobs,
    tools: request.tools,
    toolChoice: request.tool_choice,
    parallelToolCalls: request.parallel_tool_calls,
    responseFormat: request.response_format,
    reasoning,
    verbosity: request.verbosity,
    prediction: request.prediction,
    modalities: request.modalities,
    audio: request.audio,
    imageConfig: request.image_config,
    webSearchOptions: request.web_search_options,
    user: request.user,
    metadata: request.metadata,
    cacheControl: request.cache_control,
    promptCacheKey: request.prompt_cache_key,
    serviceTier: request.service_tier,
    parameters: parametersOf(request, reasoning),
    extra: Object.fromEntries(Object.entries(body).filter(([key, value]) => !KNOWN_FIELDS.has(key) && value !== null)),
  }) as unknown as CompletionRequest;
}

function messagesOf({ messages, prompt }: ChatRequest): readonly Message[] {
  if (messages) return messages;
  if (typeof prompt === 'string') return [{ role: 'user', content: [{ type: 'text', text: prompt }] }];
  throw invalid('messages', 'messages: required, expected an array of messages');
}

/** `reasoning` and its older names (spec 2.2): `reasoning_effort` is OpenAI's, `include_reasoning` the first one there was. */
function reasoningOptions(request: ChatRequest): ReasoningOptions | undefined {
  const options = request.reasoning;
  if (!options && !request.reasoning_effort && typeof request.include_reasoning !== 'boolean') return undefined;
  return present({
    effort: options?.effort ?? request.reasoning_effort,
    maxTokens: options?.max_tokens,
    exclude: options?.exclude ?? (request.include_reasoning === false ? true : undefined),
    enabled: options?.enabled,
    summary: options?.summary,
  });
}

/** Fields that say what a model has to support, under the names that endpoints list. */
const PARAMETER_FIELDS = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'seed',
  'stop',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'verbosity',
  'web_search_options',
  'prediction',
] as const satisfies readonly (keyof ChatRequest)[];

function parametersOf(request: ChatRequest, reasoning: ReasoningOptions | undefined): readonly string[] {
  const parameters: string[] = PARAMETER_FIELDS.filter((field) => (request[field] ?? undefined) !== undefined);
  if ((request.max_completion_tokens ?? request.max_tokens ?? undefined) !== undefined) parameters.push('max_tokens');
  if (request.tools?.length) parameters.push('tools');
  if (request.response_format?.type === 'json_schema') parameters.push('structured_outputs');
  const wantsReasoning =
    reasoning?.enabled !== false &&
    reasoning?.effort !== 'none' &&
    (reasoning?.enabled ?? reasoning?.effort ?? reasoning?.maxTokens) !== undefined;
  if (wantsReasoning) parameters.push('reasoning');
  return parameters;
}
