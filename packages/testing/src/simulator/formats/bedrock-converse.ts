import { z } from 'zod';
import { argumentsOf } from '../answer.js';
import { imageOfBase64 } from '../prompt.js';
import type { Prompt, Turn } from '../prompt.js';
import { awsError, bedrockAddress, eventOf, exceptionOf } from './aws-events.js';
import type { Format, Frame, Reply, ReportedUsage } from './format.js';
import { understood } from './request.js';

const Block = z.looseObject({
  text: z.string().optional(),
  image: z.looseObject({ format: z.string(), source: z.looseObject({ bytes: z.string() }) }).optional(),
  toolResult: z.looseObject({ content: z.array(z.looseObject({ text: z.string().optional() })) }).optional(),
});
const Tool = z.looseObject({
  toolSpec: z.looseObject({ name: z.string(), inputSchema: z.looseObject({ json: z.unknown() }) }).optional(),
});
const ConverseBody = z.looseObject({
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']), content: z.array(Block).min(1) })).min(1),
  system: z.array(Block).nullish(),
  inferenceConfig: z
    .looseObject({ maxTokens: z.int().positive().optional(), stopSequences: z.array(z.string()).optional() })
    .nullish(),
  toolConfig: z
    .looseObject({
      tools: z.array(Tool),
      toolChoice: z.record(z.string(), z.looseObject({ name: z.string().optional() })).optional(),
    })
    .nullish(),
});
type ConverseBody = z.output<typeof ConverseBody>;

/** Amazon Bedrock: `POST /model/{model}/converse`, or `converse-stream` with its binary events. */
export const bedrockConverse: Format = {
  id: 'bedrock-converse',
  idPrefix: 'converse-',
  // Thinking is part of `outputTokens` and not told apart.
  reportsReasoning: false,
  streamType: 'application/vnd.amazon.eventstream',
  parse(body, address) {
    return promptOf(understood(ConverseBody, body), bedrockAddress(address));
  },
  *frames(reply) {
    yield frame('open', 'messageStart', { role: 'assistant', p: 'abc' });
    yield* blocks(reply);
    if (!reply.answer.finish) return;
    yield frame('close', 'messageStop', { stopReason: stopReasonOf(reply) });
    if (reply.usage) yield frame('done', 'metadata', { usage: usageOf(reply.usage), metrics: { latencyMs: 1 } });
  },
  body: (reply) => ({
    output: { message: { role: 'assistant', content: contentOf(reply) } },
    stopReason: stopReasonOf(reply),
    ...(reply.usage && { usage: usageOf(reply.usage) }),
    metrics: { latencyMs: 1 },
  }),
  error: (status, _type, message) => awsError(status, message),
  errorEvent: (message) => exceptionOf('serviceUnavailableException', message),
  textEvent: (_reply, text) => delta('open', 0, { text }).text,
  event: (payload) => eventOf('contentBlockDelta', payload),
};

const frame = (kind: Frame['kind'], type: string, payload: object): Frame => ({
  kind,
  text: eventOf(type, JSON.stringify(payload)),
});
const delta = (kind: Frame['kind'], contentBlockIndex: number, change: object): Frame =>
  frame(kind, 'contentBlockDelta', { contentBlockIndex, delta: change });

function promptOf(body: ConverseBody, { model, method }: { model: string; method: string }): Prompt {
  const [choice, named] = Object.entries(body.toolConfig?.toolChoice ?? {})[0] ?? [];
  return {
    format: 'bedrock-converse',
    model,
    stream: method === 'converse-stream',
    turns: [
      ...(body.system?.length ? [turnOf('system', body.system)] : []),
      ...body.messages.map(({ role, content }) => turnOf(role, content)),
    ],
    tools: (body.toolConfig?.tools ?? []).flatMap(({ toolSpec }) =>
      toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
    ),
    toolChoice: named?.name !== undefined ? { name: named.name } : choice === 'any' ? 'required' : 'auto',
    maxTokens: body.inferenceConfig?.maxTokens ?? null,
    stop: body.inferenceConfig?.stopSequences ?? [],
    json: null,
    includeUsage: true,
  };
}

function turnOf(role: Turn['role'], content: ConverseBody['messages'][number]['content']): Turn {
  const results = content.flatMap(({ toolResult }) => toolResult?.content ?? []);
  return {
    role: content.some(({ toolResult }) => toolResult) ? 'tool' : role,
    text: [...content, ...results].flatMap(({ text }) => (text ? [text] : [])).join('\n'),
    images: content.flatMap(({ image }) => (image ? [imageOfBase64(`image/${image.format}`, image.source.bytes)] : [])),
  };
}

/** Texts and thoughts have no start of their own, only calls have. */
function* blocks({ answer, id }: Reply): Generator<Frame> {
  const { reasoning, signature, text, toolCall } = answer;
  let index = 0;
  const stop = (): Frame => frame('open', 'contentBlockStop', { contentBlockIndex: index++ });
  if (reasoning.length > 0) {
    for (const token of reasoning) yield delta('token', index, { reasoningContent: { text: token } });
    yield delta('open', index, { reasoningContent: { signature } });
    yield stop();
  }
  if (text.length > 0) {
    for (const token of text) yield delta('token', index, { text: token });
    yield stop();
  }
  if (!toolCall) return;
  const toolUse = { toolUseId: toolIdOf(id), name: toolCall.name };
  yield frame('open', 'contentBlockStart', { contentBlockIndex: index, start: { toolUse } });
  for (const input of toolCall.arguments) yield delta('token', index, { toolUse: { input } });
  yield stop();
}

function contentOf({ answer, id }: Reply): object[] {
  const { reasoning, signature, text, toolCall } = answer;
  return [
    ...(reasoning.length > 0 ? [{ reasoningContent: { reasoningText: { text: reasoning.join(''), signature } } }] : []),
    ...(text.length > 0 ? [{ text: text.join('') }] : []),
    ...(toolCall
      ? [{ toolUse: { toolUseId: toolIdOf(id), name: toolCall.name, input: argumentsOf(toolCall.arguments) } }]
      : []),
  ];
}

const toolIdOf = (id: string): string => `tooluse_${id}`;

function stopReasonOf({ answer }: Reply): string {
  if (answer.stopSequence !== null) return 'stop_sequence';
  if (answer.finish === 'tool_calls') return 'tool_use';
  return answer.finish === 'length' ? 'max_tokens' : 'end_turn';
}

/** Tokens that were read from the cache stand beside those of the input. */
const usageOf = ({ promptTokens, cachedTokens, outputTokens }: ReportedUsage): object => ({
  inputTokens: promptTokens - cachedTokens,
  outputTokens,
  totalTokens: promptTokens + outputTokens,
  cacheReadInputTokens: cachedTokens,
  cacheWriteInputTokens: 0,
});
