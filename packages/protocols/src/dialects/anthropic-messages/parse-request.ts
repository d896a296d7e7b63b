import { Buffer } from 'node:buffer';
import type { CompletionRequest, FunctionTool, Message, ReasoningOptions, ToolChoice } from '@switchyard/contracts';
import { recordsOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { invalid, parseBody, unknownFields } from '../common/fault.js';
import { GATEWAY_FIELDS, routingOf } from '../common/routing-fields.js';
import { present } from '../common/schema-helpers.js';
import { SERVER_BLOCKS } from './content-schema.js';
import type { UserBlock } from './content-schema.js';
import { messagesRequest } from './request-schema.js';
import type { MessagesRequest } from './request-schema.js';

const KNOWN_FIELDS: ReadonlySet<string> = new Set([...Object.keys(messagesRequest.shape), ...GATEWAY_FIELDS]);
const SERVER_SEARCH = /^web_search_\d{8}$/;

/**
 * Reads the body of `POST /messages`. Unknown fields are kept in `extra`; blocks of Anthropic's own tools are left to upstreams
 * of the same format.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault.
 */
export function parseRequest(input: unknown): CompletionRequest {
  const { request, body } = parseBody(messagesRequest, input);
  if (request.fallbacks && request.models) throw invalid('fallbacks', 'fallbacks: cannot be combined with models');
  const routed = routingOf({
    ...request,
    models: request.models ?? request.fallbacks?.map(({ model }) => model) ?? null,
  });
  const tools = request.tools?.flatMap((entry): FunctionTool[] => (entry.kind === 'function' ? [entry.tool] : []));
  const searches = request.tools?.some((entry) => entry.kind === 'server' && SERVER_SEARCH.test(entry.type)) ?? false;
  const schema = request.output_config?.format?.schema ?? request.output_format?.schema;
  const reasoning = reasoningOf(request);
  return present({
    ...routed,
    messages: messagesOf(request),
    stream: request.stream ?? false,
    maxTokens: request.max_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    stop: request.stop_sequences,
    tools: tools?.length ? tools : undefined,
    toolChoice: toolChoiceOf(request),
    parallelToolCalls: parallelOf(request),
    responseFormat: schema && { type: 'json_schema', name: 'answer', schema, strict: true },
    reasoning,
    verbosity: reasoning?.effort === undefined ? request.output_config?.effort : undefined,
    webSearchOptions: searches ? {} : undefined,
    user: request.metadata?.user_id ?? request.user,
    cacheControl: request.cache_control,
    serviceTier: serviceTierOf(request),
    parameters: parametersOf(request, { reasoning, searches, tools: tools !== undefined && tools.length > 0 }),
    unreadBytes: unreadBytesOf(body) || undefined,
    extra: unknownFields(body, KNOWN_FIELDS),
  }) as unknown as CompletionRequest;
}

/** Blocks and tools of Anthropic's own pass where the format stays the same, and are paid for there. */
function unreadBytesOf({ messages, tools }: JsonRecord): number {
  const blocks = recordsOf(messages).flatMap(({ content }) => recordsOf(content));
  const hosted = recordsOf(tools).filter(({ type }) => typeof type === 'string' && type !== 'custom');
  const unread = [...blocks.filter(({ type }) => typeof type === 'string' && SERVER_BLOCKS.has(type)), ...hosted];
  return unread.reduce((sum, value) => sum + Buffer.byteLength(JSON.stringify(value)), 0);
}

function messagesOf({ system, messages }: MessagesRequest): Message[] {
  const instructions: Message[] = system ? [{ role: 'system', content: system }] : [];
  return [
    ...instructions,
    ...messages.flatMap((message): Message[] => {
      if (message.role === 'user') return userMessages(message.content);
      if (message.role === 'system') return [{ role: 'system', content: message.content }];
      return [{ role: 'assistant', ...message.content }];
    }),
  ];
}

/** Results of tools are messages of their own; what else the user says comes after them. */
function userMessages(blocks: readonly UserBlock[]): Message[] {
  const messages: Message[] = [];
  for (const block of blocks)
    if (block.type === 'tool_result')
      messages.push({
        role: 'tool',
        toolCallId: block.toolUseId,
        content: block.content,
        ...(block.isError && { isError: true }),
      });
  const content = blocks.filter((block) => block.type !== 'tool_result');
  if (content.length > 0 || messages.length === 0) messages.push({ role: 'user', content });
  return messages;
}

function reasoningOf({ thinking, output_config: output }: MessagesRequest): ReasoningOptions | undefined {
  if (!thinking) return undefined;
  if (thinking.type === 'disabled') return { enabled: false };
  if (thinking.type === 'enabled') return { enabled: true, maxTokens: thinking.budget_tokens };
  return { enabled: true, ...(output?.effort && { effort: output.effort }) };
}

function toolChoiceOf({ tool_choice: choice }: MessagesRequest): ToolChoice | undefined {
  if (!choice) return undefined;
  if (choice.type === 'tool') return { name: choice.name };
  return choice.type === 'any' ? 'required' : choice.type;
}

const parallelOf = ({ tool_choice: choice }: MessagesRequest): boolean | undefined =>
  choice && 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use === true ? false : undefined;

function serviceTierOf({ speed, service_tier: tier }: MessagesRequest): string | undefined {
  if (speed === 'fast') return 'fast';
  return tier === 'standard_only' ? 'default' : (tier ?? undefined);
}

const PARAMETERS = {
  max_tokens: 'max_tokens',
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  stop_sequences: 'stop',
  tool_choice: 'tool_choice',
} as const;

function parametersOf(
  request: MessagesRequest,
  wants: { readonly reasoning: ReasoningOptions | undefined; readonly searches: boolean; readonly tools: boolean },
): string[] {
  const parameters: string[] = Object.entries(PARAMETERS).flatMap(([field, name]) =>
    (request[field] ?? undefined) === undefined ? [] : [name],
  );
  if (wants.tools) parameters.push('tools');
  if (parallelOf(request) === false) parameters.push('parallel_tool_calls');
  if (request.output_config?.format ?? request.output_format) parameters.push('response_format', 'structured_outputs');
  if (wants.reasoning && wants.reasoning.enabled !== false) parameters.push('reasoning');
  else if (request.output_config?.effort) parameters.push('verbosity');
  if (wants.searches) parameters.push('web_search_options');
  return parameters;
}
