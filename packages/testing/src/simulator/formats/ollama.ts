import { z } from 'zod';
import { argumentsOf } from '../answer.js';
import { imageOfBase64 } from '../prompt.js';
import type { Prompt, Turn } from '../prompt.js';
import type { Format, Frame, Reply } from './format.js';
import { FunctionTools, toolsIn, understood } from './request.js';

const ChatBody = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string().nullish(),
        images: z.array(z.string()).nullish(),
      }),
    )
    .min(1),
  // Its default is to stream.
  stream: z.boolean().default(true),
  options: z
    .looseObject({ num_predict: z.int().optional(), stop: z.union([z.string(), z.array(z.string())]).optional() })
    .nullish(),
  tools: FunctionTools,
  format: z.unknown().optional(),
});
type ChatBody = z.output<typeof ChatBody>;

/** Ollama's own `POST /api/chat`: one JSON object per line. */
export const ollama: Format = {
  id: 'ollama',
  idPrefix: 'ollama-',
  // Thinking is part of `eval_count` and not told apart.
  reportsReasoning: false,
  streamType: 'application/x-ndjson',
  parse(body) {
    return promptOf(understood(ChatBody, body));
  },
  *frames(reply) {
    const { reasoning, text, toolCall } = reply.answer;
    for (const thinking of reasoning) yield frame('token', piece(reply, { content: '', thinking }));
    for (const content of text) yield frame('token', piece(reply, { content }));
    // A call comes whole, however many tokens it took.
    if (toolCall)
      yield {
        ...frame('token', piece(reply, { content: '', tool_calls: callsOf(reply) })),
        tokens: toolCall.arguments.length,
      };
    if (reply.answer.finish) yield frame('close', { ...piece(reply, { content: '' }), ...endOf(reply) });
  },
  body(reply) {
    const { reasoning, text, toolCall } = reply.answer;
    const message = {
      content: text.join(''),
      ...(reasoning.length > 0 && { thinking: reasoning.join('') }),
      ...(toolCall && { tool_calls: callsOf(reply) }),
    };
    return { ...piece(reply, message), ...endOf(reply) };
  },
  error: (_status, _type, error) => ({ error }),
  errorEvent: (error) => line({ error }),
  textEvent: (reply, text) => line(piece(reply, { content: text })),
  event: (payload) => `${payload}\n`,
};

const line = (value: object): string => `${JSON.stringify(value)}\n`;
const frame = (kind: Frame['kind'], value: object): Frame => ({ kind, text: line(value) });

const piece = ({ prompt, createdSeconds }: Reply, message: object) => ({
  model: prompt.model,
  created_at: new Date(createdSeconds * 1000).toISOString(),
  message: { role: 'assistant', ...message },
  done: false,
});

const endOf = ({ answer, usage }: Reply): object => ({
  done: true,
  done_reason: answer.finish === 'length' ? 'length' : 'stop',
  total_duration: 1_000_000,
  ...(usage && { prompt_eval_count: usage.promptTokens, eval_count: usage.outputTokens }),
});

const callsOf = ({ answer }: Reply): object[] => [
  { function: { name: answer.toolCall?.name, arguments: argumentsOf(answer.toolCall?.arguments ?? []) } },
];

function promptOf(body: ChatBody): Prompt {
  const { stop, num_predict: most } = body.options ?? {};
  return {
    format: 'ollama',
    model: body.model,
    stream: body.stream,
    turns: body.messages.map(turnOf),
    tools: toolsIn(body.tools),
    toolChoice: 'auto',
    maxTokens: most !== undefined && most > 0 ? most : null,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    json: body.format === undefined ? null : { schema: body.format === 'json' ? null : body.format },
    includeUsage: true,
  };
}

const turnOf = ({ role, content, images }: ChatBody['messages'][number]): Turn => ({
  role,
  text: content ?? '',
  images: (images ?? []).map((data) => imageOfBase64('image', data)),
});
