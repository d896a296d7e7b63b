import type { CompletionRequest, ResponseFormat } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { outputTokens } from '../default-output.js';
import { ParameterFilter, supports } from '../parameters.js';
import { hashedUser } from '../privacy.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { limitBreakpoints } from './cache-breakpoints.js';
import { renderBetas } from './request-betas.js';
import { renderSchema } from './request-format.js';
import { markLastBlock, renderMessages, renderSystem } from './request-messages.js';
import { renderThinking } from './request-thinking.js';
import type { Thinking } from './request-thinking.js';
import { renderToolChoice, renderTools } from './request-tools.js';
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
] as const;

/** Anthropic's `POST /messages` (platform.claude.com/docs/en/api/messages). */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const maxTokens = outputTokens(request, target.endpoint, DEFAULT_MAX_TOKENS);
  const thinking = renderThinking(request, target, maxTokens, filter);
  const messages = renderMessages(request.messages);
  markLastBlock(messages, request);
  const format = filter.take('response_format', request.responseFormat);
  const schema =
    format?.type === 'json_schema' && supports(target.endpoint, 'structured_outputs') ? format.schema : undefined;
  const system = [...renderSystem(request.messages), ...jsonInstruction(format, schema !== undefined)];
  const tools = renderTools(request, filter);
  const betas = renderBetas(target);
  if (betas.dropped) filter.drop('anthropic-beta');
  filter.dropUnrenderable();
  limitBreakpoints(
    [...tools, ...system],
    messages.flatMap(({ content }) => content),
  );
  const body = compact({
    model: target.endpoint.upstreamModel,
    max_tokens: maxTokens,
    ...(request.stream && { stream: true }),
    system: system.length > 0 ? system : undefined,
    messages,
    ...renderSampling(request, thinking, filter),
    stop_sequences: renderStop(filter.take('stop', request.stop), filter),
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? renderToolChoice(request, filter) : undefined,
    thinking: thinking.thinking,
    output_config: renderOutputConfig(request, thinking, schema, filter),
    metadata: request.user === undefined ? undefined : { user_id: hashedUser(request.user) },
    service_tier: renderServiceTier(request.serviceTier),
  });
  return {
    path: '/messages',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': ANTHROPIC_VERSION,
      ...(betas.header !== undefined && { 'anthropic-beta': betas.header }),
    },
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

function renderOutputConfig(
  request: CompletionRequest,
  thinking: Thinking,
  schema: Readonly<Record<string, unknown>> | undefined,
  filter: ParameterFilter,
): JsonRecord | undefined {
  const effort = thinking.effort ?? filter.take('verbosity', request.verbosity);
  const config = compact({ effort, format: schema && { type: 'json_schema', schema: renderSchema(schema) } });
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
