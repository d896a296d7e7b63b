import { z } from 'zod';
import { argumentsOf } from '../answer.js';
import { imageOfBase64 } from '../prompt.js';
import type { Prompt, SeenImage, Turn } from '../prompt.js';
import type { Format, Frame, Reply } from './format.js';
import { understood } from './request.js';

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  source: z
    .looseObject({ type: z.string(), media_type: z.string().optional(), data: z.string().optional() })
    .optional(),
  content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).optional(),
});
type Block = z.output<typeof Block>;

const MessagesBody = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  system: z.union([z.string(), z.array(Block)]).nullish(),
  messages: z
    .array(
      z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: z.union([z.string(), z.array(Block)]) }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: z.unknown().optional() })).nullish(),
  tool_choice: z.looseObject({ type: z.string(), name: z.string().optional() }).nullish(),
  output_config: z.looseObject({ format: z.looseObject({ schema: z.unknown() }).nullish() }).nullish(),
  output_format: z.looseObject({ schema: z.unknown() }).nullish(),
});
type MessagesBody = z.output<typeof MessagesBody>;

/** Anthropic messages: `POST /v1/messages`. */
export const anthropic: Format = {
  id: 'anthropic',
  idPrefix: 'msg_',
  // Thinking is part of `output_tokens` and not told apart.
  reportsReasoning: false,
  parse(body) {
    return promptOf(understood(MessagesBody, body));
  },
  *frames(reply) {
    yield open({ type: 'message_start', message: { ...envelope(reply), content: [], ...startUsage(reply) } });
    yield open({ type: 'ping' });
    yield* blocks(reply);
    if (reply.answer.finish) yield frame('close', { type: 'message_delta', ...ending(reply) });
    yield frame('done', { type: 'message_stop' });
  },
  body: (reply) => ({
    ...envelope(reply),
    content: contentOf(reply),
    stop_reason: stopReasonOf(reply),
    stop_sequence: reply.answer.stopSequence,
    ...(reply.usage && { usage: usageOf(reply, reply.usage.outputTokens) }),
  }),
  error: (status, _, message) => ({
    type: 'error',
    error: { type: errorTypeOf(status), message },
    request_id: 'req_sim',
  }),
  errorEvent: (message) =>
    eventText('error', JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message } })),
  textEvent: (_, text) => delta('open', 0, { type: 'text_delta', text }).text,
  event: (payload) => eventText('content_block_delta', payload),
};

type StreamEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

const eventText = (name: string, payload: string): string => `event: ${name}\ndata: ${payload}\n\n`;

const frame = (kind: Frame['kind'], payload: StreamEvent): Frame => ({
  kind,
  text: eventText(payload.type, JSON.stringify(payload)),
});
const open = (payload: StreamEvent): Frame => frame('open', payload);
const delta = (kind: Frame['kind'], index: number, change: object): Frame =>
  frame(kind, { type: 'content_block_delta', index, delta: change });

function promptOf(body: MessagesBody): Prompt {
  const system = body.system ? [turnOf('system', body.system)] : [];
  const format = body.output_config?.format ?? body.output_format;
  return {
    format: 'anthropic',
    model: body.model,
    stream: body.stream ?? false,
    turns: [...system, ...body.messages.map(({ role, content }) => turnOf(role, content))],
    tools: (body.tools ?? []).map((tool) => ({ name: tool.name, schema: tool.input_schema ?? {} })),
    toolChoice: toolChoiceOf(body.tool_choice),
    maxTokens: body.max_tokens,
    stop: body.stop_sequences ?? [],
    json: format ? { schema: format.schema } : null,
    includeUsage: true,
  };
}

function turnOf(role: Turn['role'], content: string | readonly Block[]): Turn {
  if (typeof content === 'string') return { role, text: content, images: [] };
  const answersTool = content.some((block) => block.type === 'tool_result');
  return {
    role: answersTool ? 'tool' : role,
    text: content.map(textOf).filter(Boolean).join('\n'),
    images: content.flatMap(imageOf),
  };
}

function textOf(block: Block): string {
  if (block.type === 'text') return block.text ?? '';
  if (typeof block.content === 'string') return block.content;
  return (block.content ?? []).map((part) => part.text ?? '').join('\n');
}

function imageOf({ type, source }: Block): SeenImage[] {
  if (type !== 'image' || !source) return [];
  if (source.type !== 'base64') return [{ mediaType: 'address', bytes: null }];
  return [imageOfBase64(source.media_type ?? 'unknown', source.data ?? '')];
}

function toolChoiceOf(choice: MessagesBody['tool_choice']): Prompt['toolChoice'] {
  if (choice?.type === 'tool' && choice.name !== undefined) return { name: choice.name };
  if (choice?.type === 'any') return 'required';
  return choice?.type === 'none' ? 'none' : 'auto';
}

const envelope = ({ id, prompt }: Reply) => ({
  id,
  type: 'message',
  role: 'assistant',
  model: prompt.model,
  stop_reason: null,
  stop_sequence: null,
});

function* blocks(reply: Reply): Generator<Frame> {
  const { reasoning, signature, text, toolCall } = reply.answer;
  let index = 0;
  if (reasoning.length > 0) {
    yield open({
      type: 'content_block_start',
      index,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    });
    for (const thinking of reasoning) yield delta('token', index, { type: 'thinking_delta', thinking });
    yield delta('open', index, { type: 'signature_delta', signature });
    yield open({ type: 'content_block_stop', index });
    index += 1;
  }
  if (text.length > 0) {
    yield open({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } });
    for (const token of text) yield delta('token', index, { type: 'text_delta', text: token });
    yield open({ type: 'content_block_stop', index });
    index += 1;
  }
  if (!toolCall) return;
  const call = { type: 'tool_use', id: toolIdOf(reply), name: toolCall.name, input: {} };
  yield open({ type: 'content_block_start', index, content_block: call });
  for (const token of toolCall.arguments)
    yield delta('token', index, { type: 'input_json_delta', partial_json: token });
  yield open({ type: 'content_block_stop', index });
}

function contentOf(reply: Reply): object[] {
  const { reasoning, signature, text, toolCall } = reply.answer;
  return [
    ...(reasoning.length > 0 ? [{ type: 'thinking', thinking: reasoning.join(''), signature }] : []),
    ...(text.length > 0 ? [{ type: 'text', text: text.join('') }] : []),
    ...(toolCall
      ? [{ type: 'tool_use', id: toolIdOf(reply), name: toolCall.name, input: argumentsOf(toolCall.arguments) }]
      : []),
  ];
}

const toolIdOf = ({ id }: Reply): string => `toolu_${id.replace(/^msg_/, '')}`;

function stopReasonOf({ answer }: Reply): string | null {
  if (answer.stopSequence !== null) return 'stop_sequence';
  if (answer.finish === 'tool_calls') return 'tool_use';
  if (answer.finish === 'length') return 'max_tokens';
  return answer.finish === 'stop' ? 'end_turn' : null;
}

const startUsage = (reply: Reply) =>
  reply.usage ? { usage: usageOf(reply, Math.min(1, reply.usage.outputTokens)) } : {};

const ending = (reply: Reply) => ({
  delta: { stop_reason: stopReasonOf(reply), stop_sequence: reply.answer.stopSequence },
  ...(reply.usage && { usage: usageOf(reply, reply.usage.outputTokens) }),
});

function usageOf({ usage }: Reply, outputTokens: number) {
  const { promptTokens, cachedTokens } = usage ?? { promptTokens: 0, cachedTokens: 0 };
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
    service_tier: 'standard',
  };
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};
const errorTypeOf = (status: number): string =>
  ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
