import { Buffer } from 'node:buffer';
import type {
  AssistantMessage,
  CompletionRequest,
  ContentPart,
  FunctionTool,
  Message,
  ReasoningDetail,
  ReasoningOptions,
  ResponseFormat,
  TextPart,
  ToolCall,
  ToolChoice,
} from '@switchyard/contracts';
import { recordsOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { parseBody, unknownFields } from '../common/fault.js';
import { GATEWAY_FIELDS, routingOf } from '../common/routing-fields.js';
import { present } from '../common/schema-helpers.js';
import { isHosted } from './item-schema.js';
import type { InputItem } from './item-schema.js';
import { detailsOf } from './reasoning-items.js';
import { responsesRequest } from './request-schema.js';
import type { ResponsesRequest } from './request-schema.js';

const KNOWN_FIELDS: ReadonlySet<string> = new Set([...Object.keys(responsesRequest.shape), ...GATEWAY_FIELDS]);

/** What an answer repeats of its request. */
const ECHOED = [
  'instructions',
  'max_output_tokens',
  'metadata',
  'parallel_tool_calls',
  'reasoning',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_p',
  'truncation',
  'user',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'top_logprobs',
] as const;

/**
 * Reads the body of `POST /responses`: the conversation is in it whole, whoever stored what went before.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault.
 */
export function parseRequest(body: unknown): CompletionRequest {
  const { request, body: raw } = parseBody(responsesRequest, body);
  const tools = request.tools?.flatMap((entry): FunctionTool[] => (entry.kind === 'function' ? [entry.tool] : []));
  const searches = request.tools?.some((entry) => entry.kind === 'search') ?? false;
  const reasoning = reasoningOf(request);
  const format = formatOf(request);
  return present({
    ...routingOf(request),
    messages: messagesOf(request),
    stream: request.stream ?? false,
    maxTokens: request.max_output_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    topLogprobs: request.top_logprobs || undefined,
    logprobs: wantsLogprobs(request) || undefined,
    tools: tools?.length ? tools : undefined,
    toolChoice: toolChoiceOf(request),
    parallelToolCalls: request.parallel_tool_calls,
    responseFormat: format,
    reasoning,
    verbosity: request.text?.verbosity,
    modalities: request.modalities,
    webSearchOptions: searches ? {} : undefined,
    user: request.safety_identifier ?? request.user,
    metadata: request.metadata,
    promptCacheKey: request.prompt_cache_key,
    serviceTier: request.service_tier,
    parameters: parametersOf(request, { tools: (tools?.length ?? 0) > 0, searches, reasoning, format }),
    unreadBytes: unreadBytesOf(raw) || undefined,
    extra: unknownFields(raw, KNOWN_FIELDS),
    echo: {
      ...Object.fromEntries(ECHOED.flatMap((field) => (raw[field] === undefined ? [] : [[field, raw[field]]]))),
      ...(request.store === true && { store: true }),
      ...(request.previous_response_id && { previous_response_id: request.previous_response_id }),
    },
  }) as unknown as CompletionRequest;
}

/** Items and tools that mean nothing to others pass where the format stays the same, and are paid for there. */
function unreadBytesOf({ input, tools }: JsonRecord): number {
  const items = recordsOf(input).filter(({ type }) => typeof type === 'string' && isHosted(type));
  const hosted = recordsOf(tools).filter(({ type }) => type !== 'function');
  return [...items, ...hosted].reduce((sum, value) => sum + Buffer.byteLength(JSON.stringify(value)), 0);
}

function messagesOf({ instructions, input }: ResponsesRequest): Message[] {
  const messages: Message[] = instructions ? [{ role: 'system', content: [{ type: 'text', text: instructions }] }] : [];
  let turn: AssistantTurn | null = null;
  for (const item of input) {
    if (isAssistant(item)) {
      turn ??= new AssistantTurn();
      turn.add(item);
      continue;
    }
    if (turn) messages.push(turn.message());
    turn = null;
    messages.push(
      item.kind === 'output' ? { role: 'tool', toolCallId: item.callId, content: item.content } : messageOf(item),
    );
  }
  if (turn) messages.push(turn.message());
  return messages;
}

type MessageItem = Extract<InputItem, { kind: 'message' }>;
type AssistantItem =
  | Extract<InputItem, { kind: 'call' | 'reasoning' | 'hosted' }>
  | (MessageItem & { readonly role: 'assistant' });

const isAssistant = (item: InputItem): item is AssistantItem =>
  item.kind === 'call' ||
  item.kind === 'reasoning' ||
  item.kind === 'hosted' ||
  (item.kind === 'message' && item.role === 'assistant');

/** What a model said in one turn: reasoning, text and calls are items of their own here. */
class AssistantTurn {
  private readonly content: ContentPart[] = [];
  private readonly toolCalls: ToolCall[] = [];
  private readonly reasoning: ReasoningDetail[] = [];
  private refusal = '';

  add(item: AssistantItem): void {
    if (item.kind === 'call') this.toolCalls.push(item.call);
    else if (item.kind === 'reasoning') this.reasoning.push(...detailsOf(item));
    else if (item.kind === 'message')
      for (const part of item.content) {
        if (part.type === 'refusal') this.refusal += part.text;
        else this.content.push(part);
      }
  }

  message(): AssistantMessage {
    return {
      role: 'assistant',
      content: this.content,
      toolCalls: this.toolCalls,
      reasoning: this.reasoning,
      ...(this.refusal && { refusal: this.refusal }),
    };
  }
}

function messageOf({ role, content }: MessageItem): Message {
  const parts = content.flatMap((part): ContentPart[] => (part.type === 'refusal' ? [] : [part]));
  if (role === 'user' || role === 'assistant') return { role: 'user', content: parts };
  return { role, content: parts.filter((part): part is TextPart => part.type === 'text') };
}

function toolChoiceOf({ tool_choice: choice }: ResponsesRequest): ToolChoice | undefined {
  if (!choice) return undefined;
  if (typeof choice === 'string') return choice;
  return choice.type === 'function' ? { name: choice.name } : undefined;
}

function formatOf({ text }: ResponsesRequest): ResponseFormat | undefined {
  const format = text?.format;
  if (!format || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, description, schema, strict } = format;
  return present({ type: 'json_schema', name, description, schema, strict }) as unknown as ResponseFormat;
}

function reasoningOf({ reasoning }: ResponsesRequest): ReasoningOptions | undefined {
  if (!reasoning) return undefined;
  const { effort, max_tokens: maxTokens, exclude, enabled, summary } = reasoning;
  const options = present({ effort, maxTokens, exclude, enabled, summary });
  return Object.keys(options).length > 0 ? options : undefined;
}

const wantsLogprobs = ({ include, top_logprobs: top }: ResponsesRequest): boolean =>
  (top ?? 0) > 0 || include?.includes('message.output_text.logprobs') === true;

const PARAMETERS: Readonly<Record<string, string>> = {
  max_output_tokens: 'max_tokens',
  temperature: 'temperature',
  top_p: 'top_p',
  tool_choice: 'tool_choice',
  parallel_tool_calls: 'parallel_tool_calls',
};

interface Wishes {
  readonly tools: boolean;
  readonly searches: boolean;
  readonly reasoning: ReasoningOptions | undefined;
  readonly format: ResponseFormat | undefined;
}

function parametersOf(request: ResponsesRequest, wishes: Wishes): string[] {
  const parameters = Object.entries(PARAMETERS).flatMap(([field, name]) =>
    (request[field] ?? undefined) === undefined ? [] : [name],
  );
  if (wishes.tools) parameters.push('tools');
  if (wishes.format) parameters.push('response_format');
  if (wishes.format?.type === 'json_schema') parameters.push('structured_outputs');
  if (request.text?.verbosity) parameters.push('verbosity');
  if (wantsLogprobs(request)) parameters.push('logprobs');
  if ((request.top_logprobs ?? 0) > 0) parameters.push('top_logprobs');
  if (wishes.searches) parameters.push('web_search_options');
  const { reasoning } = wishes;
  const thinks = reasoning?.effort !== 'none' && reasoning?.enabled !== false;
  if (thinks && (reasoning?.effort ?? reasoning?.maxTokens ?? reasoning?.enabled) !== undefined)
    parameters.push('reasoning');
  return parameters;
}
