import { z } from 'zod';
import { imageOfUrl } from '../prompt.js';
import type { Prompt, Turn } from '../prompt.js';
import type { Format, Frame, Reply, ReportedUsage } from './format.js';
import { FunctionTools, toolsIn, understood } from './request.js';

const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
});
const ChatBody = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.union([z.string(), z.array(Part)]).nullish(),
      }),
    )
    .min(1),
  stream: z.boolean(),
  max_tokens: z.int().positive().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: FunctionTools,
  tool_choice: z.enum(['REQUIRED', 'NONE']).nullish(),
  response_format: z.looseObject({ type: z.string(), json_schema: z.unknown().optional() }).nullish(),
});
type ChatBody = z.output<typeof ChatBody>;

/** Cohere, version 2: `POST /v2/chat`. */
export const cohere: Format = {
  id: 'cohere-v2',
  idPrefix: '',
  reportsReasoning: true,
  parse(body) {
    return promptOf(understood(ChatBody, body));
  },
  *frames(reply) {
    yield frame('open', { type: 'message-start', id: reply.id, delta: message({ role: 'assistant', content: [] }) });
    yield* pieces(reply);
    if (reply.answer.finish) yield frame('close', { type: 'message-end', delta: endOf(reply) });
    yield { kind: 'done', text: 'data: [DONE]\n\n' };
  },
  body: (reply) => ({ id: reply.id, message: messageOf(reply), ...endOf(reply) }),
  error: (_status, _type, text) => ({ message: text }),
  errorEvent: (error) => eventText({ type: 'message-end', delta: { finish_reason: 'ERROR', error } }),
  textEvent: (_reply, text) => contentDelta('open', 0, { text }).text,
  event: (payload) => `event: content-delta\ndata: ${payload}\n\n`,
};

interface CohereEvent {
  readonly type: string;
  readonly [name: string]: unknown;
}
const eventText = (event: CohereEvent): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const frame = (kind: Frame['kind'], event: CohereEvent): Frame => ({ kind, text: eventText(event) });
const message = (fields: object): object => ({ message: fields });
const contentDelta = (kind: Frame['kind'], index: number, content: object): Frame =>
  frame(kind, { type: 'content-delta', index, delta: message({ content }) });

function promptOf(body: ChatBody): Prompt {
  const { tool_choice: choice, response_format: format } = body;
  return {
    format: 'cohere-v2',
    model: body.model,
    stream: body.stream,
    turns: body.messages.map(({ role, content }) => turnOf(role, content)),
    tools: toolsIn(body.tools),
    toolChoice: choice === 'REQUIRED' ? 'required' : choice === 'NONE' ? 'none' : 'auto',
    maxTokens: body.max_tokens ?? null,
    stop: body.stop_sequences ?? [],
    json: format?.type === 'json_object' ? { schema: format.json_schema ?? null } : null,
    includeUsage: true,
  };
}

function turnOf(role: Turn['role'], content: ChatBody['messages'][number]['content']): Turn {
  if (typeof content === 'string') return { role, text: content, images: [] };
  return {
    role,
    text: (content ?? []).flatMap(({ text }) => (text ? [text] : [])).join('\n'),
    images: (content ?? []).flatMap((part) => (part.image_url ? [imageOfUrl(part.image_url.url)] : [])),
  };
}

function* pieces(reply: Reply): Generator<Frame> {
  const { reasoning, text, toolCall } = reply.answer;
  const parts = [
    { type: 'thinking', tokens: reasoning },
    { type: 'text', tokens: text },
  ].filter(({ tokens }) => tokens.length > 0);
  for (const [index, { type, tokens }] of parts.entries()) {
    yield frame('open', { type: 'content-start', index, delta: message({ content: { type, [type]: '' } }) });
    for (const token of tokens) yield contentDelta('token', index, { [type]: token });
    yield frame('open', { type: 'content-end', index });
  }
  if (!toolCall) return;
  const call = (calls: object): object => message({ tool_calls: calls });
  yield frame('open', { type: 'tool-call-start', index: 0, delta: call(callOf(reply, '')) });
  for (const token of toolCall.arguments)
    yield frame('token', { type: 'tool-call-delta', index: 0, delta: call({ function: { arguments: token } }) });
  yield frame('open', { type: 'tool-call-end', index: 0 });
}

function messageOf(reply: Reply): object {
  const { reasoning, text, toolCall } = reply.answer;
  return {
    role: 'assistant',
    content: [
      ...(reasoning.length > 0 ? [{ type: 'thinking', thinking: reasoning.join('') }] : []),
      ...(text.length > 0 ? [{ type: 'text', text: text.join('') }] : []),
    ],
    ...(toolCall && { tool_calls: [callOf(reply, toolCall.arguments.join(''))] }),
  };
}

const callOf = ({ id, answer }: Reply, text: string): object => ({
  id: `call_${id}`,
  type: 'function',
  function: { name: answer.toolCall?.name, arguments: text },
});

const FINISHES = { stop: 'COMPLETE', length: 'MAX_TOKENS', tool_calls: 'TOOL_CALL' } as const;

const endOf = ({ answer, usage }: Reply): object => ({
  finish_reason: answer.stopSequence === null ? answer.finish && FINISHES[answer.finish] : 'STOP_SEQUENCE',
  ...(usage && { usage: usageOf(usage) }),
});

const usageOf = ({ promptTokens, cachedTokens, outputTokens, reasoningTokens }: ReportedUsage): object => ({
  billed_units: { input_tokens: promptTokens, output_tokens: outputTokens },
  tokens: { input_tokens: promptTokens, output_tokens: outputTokens, reasoning_tokens: reasoningTokens },
  cached_tokens: cachedTokens,
});
