import type { FunctionTool } from '@switchyard/contracts';
import { z } from 'zod';
import { routingFields } from '../common/routing-fields.js';
import { MAX_NAME_LENGTH, optional, present } from '../common/schema-helpers.js';
import { input } from './item-schema.js';

const MAX_TOOLS = 512;
const jsonObject = z.record(z.string(), z.unknown());
const name = z.string().min(1).max(MAX_NAME_LENGTH);
const flag = optional(z.boolean());

const functionTool = z
  .looseObject({
    type: z.literal('function'),
    name,
    description: optional(z.string()),
    parameters: optional(jsonObject),
    strict: flag,
  })
  .transform(({ name: tool, description, parameters, strict }) => ({
    kind: 'function' as const,
    tool: present({ name: tool, description, parameters, strict }) as unknown as FunctionTool,
  }));

/** Tools that the provider runs: only web search has a meaning elsewhere. */
const hostedTool = z.looseObject({ type: z.string().min(1).max(MAX_NAME_LENGTH) }).transform(({ type }) => ({
  kind: type.startsWith('web_search') ? ('search' as const) : ('hosted' as const),
}));

const tool = z.unknown().transform((value, context) => {
  const schema = (value as { type?: unknown } | null)?.type === 'function' ? functionTool : hostedTool;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as never);
  return z.NEVER;
});

const toolChoice = z.union(
  [
    z.enum(['none', 'auto', 'required']),
    z.looseObject({ type: z.literal('function'), name }),
    z.looseObject({
      type: z.enum([
        'allowed_tools',
        'web_search_preview',
        'web_search',
        'file_search',
        'code_interpreter',
        'image_generation',
        'mcp',
        'custom',
        'computer_use_preview',
        'shell',
        'apply_patch',
      ]),
    }),
  ],
  'expected none, auto, required or {type:"function",name}',
);

const format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string().min(1).max(64),
    description: optional(z.string()),
    schema: optional(jsonObject),
    strict: flag,
  }),
]);

const EFFORTS = ['max', 'xhigh', 'high', 'medium', 'low', 'minimal', 'none'] as const;

/** The fields of `POST /responses` that this gateway understands (platform.openai.com/docs/api-reference/responses; spec 2.10). */
export const responsesRequest = z.looseObject({
  ...routingFields,
  input,
  instructions: optional(z.string()),
  stream: flag,
  max_output_tokens: optional(z.int().min(1)),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  top_logprobs: optional(z.int().min(0).max(20)),
  tools: optional(z.array(tool).max(MAX_TOOLS)),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: flag,
  text: optional(z.looseObject({ format: optional(format), verbosity: optional(z.enum(['low', 'medium', 'high'])) })),
  reasoning: optional(
    z.looseObject({
      effort: optional(z.enum(EFFORTS)),
      summary: optional(z.string().max(32)),
      max_tokens: optional(z.int().min(0)),
      exclude: flag,
      enabled: flag,
    }),
  ),
  include: optional(z.array(z.string().max(128)).max(32)),
  modalities: optional(z.array(z.string().max(32)).max(8)),
  metadata: optional(z.record(z.string().max(64), z.string().max(512))),
  user: optional(z.string().max(1024)),
  safety_identifier: optional(z.string().max(1024)),
  prompt_cache_key: optional(z.string().max(1024)),
  service_tier: optional(z.string().max(32)),
  truncation: optional(z.enum(['auto', 'disabled'])),
  // Whether anything is stored is decided where the request came in, and the conversation before it is in its input by now. Providers
  // are never asked to store, so what is said here is only said again.
  store: flag,
  previous_response_id: optional(z.string().min(1).max(128)),
  // Refused by name, because a caller that relies on them would lose its conversation.
  conversation: optional(z.never('nothing is stored here: send the whole conversation')),
  background: optional(z.literal(false, 'there are no background responses here')),
});
export type ResponsesRequest = z.output<typeof responsesRequest>;
