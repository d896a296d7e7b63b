import { z } from 'zod';
import { imageOfUrl } from '../prompt.js';
import type { Prompt, Turn } from '../prompt.js';
import type { Format, Frame, Reply, ReportedUsage } from './format.js';
import { understood } from './request.js';

const Part = z.looseObject({ type: z.string(), text: z.string().optional(), image_url: z.string().optional() });
const Content = z.union([z.string(), z.array(Part)]);
const Item = z.looseObject({
  type: z.string().default('message'),
  role: z.string().optional(),
  content: Content.nullish(),
  output: Content.optional(),
});
const ResponsesBody = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(Item).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.int().positive().nullish(),
  tools: z.array(z.looseObject({ name: z.string().optional(), parameters: z.unknown().optional() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ name: z.string().optional() })]).nullish(),
  text: z
    .looseObject({ format: z.looseObject({ type: z.string(), schema: z.unknown().optional() }).optional() })
    .nullish(),
  // Nothing is kept here: a client that relies on it must not find out later.
  store: z.literal(false, 'the sandbox stores nothing: send store false').nullish(),
});
type ResponsesBody = z.output<typeof ResponsesBody>;
type Json = Record<string, unknown>;

const ROLES: Readonly<Record<string, Turn['role']>> = { system: 'system', developer: 'system', assistant: 'assistant' };

/** OpenAI Responses: `POST /v1/responses`. */
export const openaiResponses: Format = {
  id: 'openai-responses',
  idPrefix: 'resp_',
  reportsReasoning: true,
  parse(body) {
    return promptOf(understood(ResponsesBody, body));
  },
  *frames(reply) {
    let sequence = 0;
    const frame = (kind: Frame['kind'], type: string, fields: Json): Frame => ({
      kind,
      text: `event: ${type}\n${event(JSON.stringify({ type, sequence_number: sequence++, ...fields }))}`,
    });
    yield frame('open', 'response.created', { response: responseOf(reply, []) });
    yield frame('open', 'response.in_progress', { response: responseOf(reply, []) });
    const items = itemsOf(reply);
    for (const [index, item] of items.entries()) {
      const place = { output_index: index, item_id: item.id };
      yield frame('open', 'response.output_item.added', { output_index: index, item: { id: item.id, ...item.empty } });
      for (const [type, fields] of item.opening) yield frame('open', type, { ...place, ...fields });
      for (const delta of item.tokens) yield frame('token', item.deltaType, { ...place, ...item.part, delta });
      for (const [type, fields] of item.closing) yield frame('open', type, { ...place, ...fields });
      yield frame('open', 'response.output_item.done', { output_index: index, item: wireItem(item) });
    }
    if (!reply.answer.finish) return;
    const type = reply.answer.finish === 'length' ? 'response.incomplete' : 'response.completed';
    yield frame('close', type, { response: responseOf(reply, items.map(wireItem)) });
    // This format has no marker of its own for the end.
    yield { kind: 'done', text: ': end\n\n' };
  },
  body: (reply) => responseOf(reply, itemsOf(reply).map(wireItem)),
  error: (status, type, message) => ({ error: { message, type, param: null, code: status === 404 ? type : null } }),
  errorEvent: (message) =>
    `event: error\n${event(JSON.stringify({ type: 'error', code: 'server_error', message, param: null }))}`,
  textEvent: (_reply, text) =>
    event(JSON.stringify({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: text })),
  event,
};

function event(payload: string): string {
  return `data: ${payload}\n\n`;
}

function promptOf(body: ResponsesBody): Prompt {
  const items = typeof body.input === 'string' ? [{ type: 'message', role: 'user', content: body.input }] : body.input;
  const { tool_choice: choice } = body;
  const format = body.text?.format;
  const system: Turn[] = body.instructions ? [{ role: 'system', text: body.instructions, images: [] }] : [];
  return {
    format: 'openai-responses',
    model: body.model,
    stream: body.stream ?? false,
    turns: [...system, ...items.flatMap(turnOf)],
    tools: (body.tools ?? []).flatMap(({ name, parameters }) => (name ? [{ name, schema: parameters ?? {} }] : [])),
    toolChoice:
      choice && typeof choice === 'object'
        ? { name: choice.name ?? '' }
        : choice === 'none' || choice === 'required'
          ? choice
          : 'auto',
    maxTokens: body.max_output_tokens ?? null,
    stop: [],
    json:
      format?.type === 'json_schema'
        ? { schema: format.schema ?? null }
        : format?.type === 'json_object'
          ? { schema: null }
          : null,
    includeUsage: true,
  };
}

function turnOf(item: z.output<typeof Item>): Turn[] {
  if (item.type === 'message') return [turn(ROLES[item.role ?? ''] ?? 'user', item.content)];
  return item.type === 'function_call_output' ? [turn('tool', item.output)] : [];
}

function turn(role: Turn['role'], content: z.output<typeof Content> | null | undefined): Turn {
  if (typeof content === 'string') return { role, text: content, images: [] };
  const texts = (content ?? []).map(({ text }) => text ?? '').filter(Boolean);
  const images = (content ?? []).flatMap((part) => (part.image_url ? [imageOfUrl(part.image_url)] : []));
  return { role, text: texts.join('\n'), images };
}

/** An item of the output, with the events that tell how it grew. */
interface GrowingItem {
  readonly id: string;
  readonly fields: Json;
  /** What the item lacks when it is opened. */
  readonly empty: Json;
  readonly tokens: readonly string[];
  readonly deltaType: string;
  readonly part: Json;
  readonly opening: readonly (readonly [string, Json])[];
  readonly closing: readonly (readonly [string, Json])[];
}

const wireItem = ({ id, fields }: GrowingItem): Json => ({ id, ...fields });

function itemsOf({ id, answer }: Reply): GrowingItem[] {
  const name = id.replace('resp_', '');
  const { reasoning, signature, text, toolCall } = answer;
  return [
    ...(reasoning.length > 0 ? [reasoningItem(`rs_${name}`, reasoning, signature)] : []),
    ...(toolCall ? [callItem(name, toolCall)] : [messageItem(`msg_${name}`, text)]),
  ];
}

function reasoningItem(id: string, tokens: readonly string[], seal: string | null): GrowingItem {
  const text = tokens.join('');
  const part = { summary_index: 0 };
  const whole = { type: 'summary_text', text };
  return {
    id,
    fields: { type: 'reasoning', summary: [whole], encrypted_content: seal },
    empty: { type: 'reasoning', summary: [] },
    tokens,
    deltaType: 'response.reasoning_summary_text.delta',
    part,
    opening: [['response.reasoning_summary_part.added', { ...part, part: { ...whole, text: '' } }]],
    closing: [
      ['response.reasoning_summary_text.done', { ...part, text }],
      ['response.reasoning_summary_part.done', { ...part, part: whole }],
    ],
  };
}

function messageItem(id: string, tokens: readonly string[]): GrowingItem {
  const text = tokens.join('');
  const part = { content_index: 0 };
  const whole = { type: 'output_text', annotations: [], logprobs: [], text };
  const own = { type: 'message', role: 'assistant' };
  return {
    id,
    fields: { ...own, status: 'completed', content: [whole] },
    empty: { ...own, status: 'in_progress', content: [] },
    tokens,
    deltaType: 'response.output_text.delta',
    part,
    opening: [['response.content_part.added', { ...part, part: { ...whole, text: '' } }]],
    closing: [
      ['response.output_text.done', { ...part, text, logprobs: [] }],
      ['response.content_part.done', { ...part, part: whole }],
    ],
  };
}

function callItem(name: string, call: NonNullable<Reply['answer']['toolCall']>): GrowingItem {
  const text = call.arguments.join('');
  const own = { type: 'function_call', call_id: `call_${name}`, name: call.name };
  return {
    id: `fc_${name}`,
    fields: { ...own, status: 'completed', arguments: text },
    empty: { ...own, status: 'in_progress', arguments: '' },
    tokens: call.arguments,
    deltaType: 'response.function_call_arguments.delta',
    part: {},
    opening: [],
    closing: [['response.function_call_arguments.done', { arguments: text }]],
  };
}

/** Without output it has only begun. */
function responseOf({ id, createdSeconds, prompt, answer, usage }: Reply, output: readonly Json[]): Json {
  const isOver = output.length > 0;
  const wasCut = isOver && answer.finish === 'length';
  return {
    id,
    object: 'response',
    created_at: createdSeconds,
    status: wasCut ? 'incomplete' : isOver ? 'completed' : 'in_progress',
    error: null,
    incomplete_details: wasCut ? { reason: 'max_output_tokens' } : null,
    model: prompt.model,
    output,
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    store: false,
    usage: isOver && usage ? usageOf(usage) : null,
  };
}

const usageOf = ({ promptTokens, cachedTokens, outputTokens, reasoningTokens }: ReportedUsage): Json => ({
  input_tokens: promptTokens,
  input_tokens_details: { cached_tokens: cachedTokens },
  output_tokens: outputTokens,
  output_tokens_details: { reasoning_tokens: reasoningTokens },
  total_tokens: promptTokens + outputTokens,
});
