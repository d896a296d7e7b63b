import { z } from 'zod';
import { imageOfUrl, RefusedRequest } from '../prompt.js';
import type { Prompt, Turn } from '../prompt.js';
import type { Format, Frame, Reply, ReportedUsage } from './format.js';
import { FunctionTools, toolsIn, understood } from './request.js';

const Part = z.looseObject({
  type: z.string().default('text'),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
});
const ChatBody = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(Part)]).nullish() }))
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  n: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  tools: FunctionTools,
  tool_choice: z.union([z.string(), z.looseObject({ function: z.looseObject({ name: z.string() }) })]).nullish(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: z.unknown().optional() }).nullish() })
    .nullish(),
});
type ChatBody = z.output<typeof ChatBody>;

const ROLES: Readonly<Record<string, Turn['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** OpenAI chat completions: `POST /v1/chat/completions`. */
export const openai: Format = {
  id: 'openai',
  idPrefix: 'chatcmpl-',
  reportsReasoning: true,
  parse(body) {
    const request = understood(ChatBody, body);
    if ((request.n ?? 1) !== 1) throw new RefusedRequest('The sandbox gives one choice: `n` must be 1.');
    return promptOf(request);
  },
  *frames(reply) {
    yield frame('open', chunk(reply, { role: 'assistant', content: '' }));
    yield* tokens(reply);
    if (reply.answer.finish) yield frame('close', chunk(reply, {}, finishOf(reply)));
    if (reply.prompt.includeUsage && reply.usage)
      yield frame('close', { ...chunk(reply, {}), choices: [], usage: usageOf(reply.usage) });
    yield { kind: 'done', text: 'data: [DONE]\n\n' };
  },
  body(reply) {
    const { answer } = reply;
    const message = {
      role: 'assistant',
      content: answer.toolCall ? null : answer.text.join(''),
      refusal: null,
      ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
      ...(answer.toolCall && { tool_calls: [toolCallOf(reply, answer.toolCall.arguments.join(''))] }),
    };
    return {
      ...envelope(reply, 'chat.completion'),
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(reply) }],
      ...(reply.usage && { usage: usageOf(reply.usage) }),
    };
  },
  error: (status, type, message) => ({ error: { message, type, param: null, code: status === 404 ? type : null } }),
  errorEvent: (message) => event(JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } })),
  textEvent: (reply, text) => event(JSON.stringify(chunk(reply, { content: text }))),
  event,
};

function event(payload: string): string {
  return `data: ${payload}\n\n`;
}

const frame = (kind: Frame['kind'], payload: object): Frame => ({ kind, text: event(JSON.stringify(payload)) });

function promptOf(body: ChatBody): Prompt {
  return {
    format: 'openai',
    model: body.model,
    stream: body.stream ?? false,
    turns: body.messages.map(({ role, content }) => turnOf(ROLES[role] ?? 'user', content)),
    tools: toolsIn(body.tools),
    toolChoice: toolChoiceOf(body.tool_choice),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
    json: jsonOf(body.response_format),
    includeUsage: body.stream_options?.include_usage ?? false,
  };
}

function turnOf(role: Turn['role'], content: ChatBody['messages'][number]['content']): Turn {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content, image_url: undefined }] : (content ?? []);
  return {
    role,
    text: parts
      .map((part) => part.text ?? '')
      .filter(Boolean)
      .join('\n'),
    images: parts.flatMap((part) => (part.image_url ? [imageOfUrl(part.image_url.url)] : [])),
  };
}

function toolChoiceOf(choice: ChatBody['tool_choice']): Prompt['toolChoice'] {
  if (choice && typeof choice === 'object') return { name: choice.function.name };
  return choice === 'none' || choice === 'required' ? choice : 'auto';
}

function jsonOf(format: ChatBody['response_format']): Prompt['json'] {
  if (format?.type === 'json_schema') return { schema: format.json_schema?.schema ?? null };
  return format?.type === 'json_object' ? { schema: null } : null;
}

const envelope = ({ id, createdSeconds, prompt }: Reply, object: string) => ({
  id,
  object,
  created: createdSeconds,
  model: prompt.model,
  system_fingerprint: 'fp_switchyard_sandbox',
});

const chunk = (reply: Reply, delta: object, finishReason: string | null = null) => ({
  ...envelope(reply, 'chat.completion.chunk'),
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  ...(reply.prompt.includeUsage && { usage: null }),
});

function* tokens(reply: Reply): Generator<Frame> {
  const { reasoning, text, toolCall } = reply.answer;
  for (const token of reasoning) yield frame('token', chunk(reply, { reasoning_content: token }));
  for (const token of text) yield frame('token', chunk(reply, { content: token }));
  if (!toolCall) return;
  yield frame('open', chunk(reply, { tool_calls: [{ index: 0, ...toolCallOf(reply, '') }] }));
  for (const token of toolCall.arguments)
    yield frame('token', chunk(reply, { tool_calls: [{ index: 0, function: { arguments: token } }] }));
}

const toolCallOf = ({ id, answer }: Reply, text: string) => ({
  id: `call_${id.replace('chatcmpl-', '')}`,
  type: 'function',
  function: { name: answer.toolCall?.name, arguments: text },
});

const finishOf = ({ answer }: Reply): string | null => answer.finish;

function usageOf({ promptTokens, cachedTokens, outputTokens, reasoningTokens }: ReportedUsage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens, audio_tokens: 0 },
  };
}
