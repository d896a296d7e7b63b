import type { CompletionRequest, FunctionTool, ResponseFormat } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ParameterFilter, supports } from '../parameters.js';
import { hashedUser } from '../privacy.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { renderCache } from './request-content.js';
import { markLastBlock, renderMessages, renderSystem } from './request-messages.js';
import { renderThinking } from './request-thinking.js';
import type { Thinking } from './request-thinking.js';
import { ANTHROPIC_VERSION } from './wire.js';
import type { WireBlock } from './wire.js';

/** `max_tokens` is mandatory; this serves where neither caller nor catalogue knows better. */
const DEFAULT_MAX_TOKENS = 8192;

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'seed',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'prediction',
  'web_search_options',
] as const;

/** Anthropic's `POST /messages` (platform.claude.com/docs/en/api/messages). */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const maxTokens = request.maxTokens ?? target.endpoint.maxCompletionTokens ?? DEFAULT_MAX_TOKENS;
  const thinking = renderThinking(request, target, maxTokens, filter);
  const messages = renderMessages(request.messages);
  markLastBlock(messages, request);
  const format = filter.take('response_format', request.responseFormat);
  const schema =
    format?.type === 'json_schema' && supports(target.endpoint, 'structured_outputs') ? format.schema : undefined;
  const system = [...renderSystem(request.messages), ...jsonInstruction(format, schema !== undefined)];
  const tools = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  filter.dropUnrenderable();
  const body = compact({
    model: target.endpoint.upstreamModel,
    max_tokens: maxTokens,
    ...(request.stream && { stream: true }),
    system: system.length > 0 ? system : undefined,
    messages,
    ...renderSampling(request, thinking, filter),
    stop_sequences: renderStop(filter.take('stop', request.stop), filter),
    tools: tools?.map(renderTool),
    tool_choice: tools && renderToolChoice(request, filter),
    thinking: thinking.thinking,
    output_config: renderOutputConfig(request, thinking, schema, filter),
    metadata: request.user === undefined ? undefined : { user_id: hashedUser(request.user) },
    service_tier: renderServiceTier(request.serviceTier),
  });
  return {
    path: '/messages',
    headers: { 'content-type': 'application/json', 'anthropic-version': ANTHROPIC_VERSION },
    body,
    dropped: filter.dropped,
  };
}

/**
 * While it thinks, Claude takes neither temperature nor top_k; newer models refuse temperature together with top_p. Its scale
 * of temperatures ends at 1.
 */
function renderSampling(request: CompletionRequest, thinking: Thinking, filter: ParameterFilter): JsonRecord {
  const temperature = filter.take('temperature', request.temperature);
  const topP = filter.take('top_p', request.topP);
  const topK = filter.take('top_k', request.topK);
  const thinks = thinking.thinking !== undefined && thinking.thinking['type'] !== 'disabled';
  if (thinks) {
    if (temperature !== undefined && temperature !== 1) filter.drop('temperature');
    if (topP !== undefined) filter.drop('top_p');
    if (topK !== undefined) filter.drop('top_k');
    return {};
  }
  if (temperature !== undefined && topP !== undefined) filter.drop('top_p');
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: temperature === undefined ? topP : undefined,
    // 0 means off in our dialect; Anthropic says it by leaving the field out.
    top_k: topK === 0 ? undefined : topK,
  };
}

/** A stop sequence of white space alone is refused. */
function renderStop(stop: readonly string[] | undefined, filter: ParameterFilter): readonly string[] | undefined {
  const usable = stop?.filter((sequence) => sequence.trim() !== '');
  if (usable && usable.length < stop!.length) filter.drop('stop');
  return usable?.length ? usable : undefined;
}

const renderTool = ({ name, description, parameters, strict, cacheControl }: FunctionTool): JsonRecord =>
  compact({
    name,
    description,
    input_schema: { type: 'object', ...parameters },
    strict: strict || undefined,
    cache_control: renderCache(cacheControl),
  });

function renderToolChoice(request: CompletionRequest, filter: ParameterFilter): JsonRecord | undefined {
  const choice = filter.take('tool_choice', request.toolChoice);
  const parallel = filter.take('parallel_tool_calls', request.parallelToolCalls);
  if (choice === undefined && parallel !== false) return undefined;
  if (choice === 'none') return { type: 'none' };
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (typeof choice === 'object') return { type: 'tool', name: choice.name, ...single };
  return { type: choice === 'required' ? 'any' : 'auto', ...single };
}

function renderOutputConfig(
  request: CompletionRequest,
  thinking: Thinking,
  schema: Readonly<Record<string, unknown>> | undefined,
  filter: ParameterFilter,
): JsonRecord | undefined {
  const effort = thinking.effort ?? filter.take('verbosity', request.verbosity);
  const config = compact({ effort, format: schema && { type: 'json_schema', schema } });
  return Object.keys(config).length > 0 ? config : undefined;
}

/** Claude has no JSON mode without a schema, and older models have no schemas: they are told in words. */
function jsonInstruction(format: ResponseFormat | undefined, enforced: boolean): WireBlock[] {
  if (!format || format.type === 'text' || enforced) return [];
  const schema =
    format.type === 'json_schema'
      ? ` It must be valid against this JSON Schema: ${JSON.stringify(format.schema ?? {})}`
      : '';
  return [{ type: 'text', text: `Answer with one JSON value and nothing else, without a code fence.${schema}` }];
}

const renderServiceTier = (tier: string | undefined): string | undefined =>
  tier === 'auto' ? 'auto' : tier === 'default' ? 'standard_only' : undefined;
