import type { FunctionTool } from '@switchyard/contracts';
import { z } from 'zod';
import { cacheControl } from '../common/cache-control.js';
import { modelId, routingFields } from '../common/routing-fields.js';
import { MAX_NAME_LENGTH, optional, present } from '../common/schema-helpers.js';
import { assistantContent, systemContent, userContent } from './content-schema.js';

const MAX_MESSAGES = 10_000;
const MAX_TOOLS = 512;
const MAX_FALLBACKS = 3;

const flag = optional(z.boolean());
const jsonObject = z.record(z.string(), z.unknown());

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.literal('user'), content: userContent }),
  z.looseObject({ role: z.literal('assistant'), content: assistantContent }),
  z.looseObject({ role: z.literal('system'), content: systemContent }),
]);

const functionTool = z
  .looseObject({
    type: optional(z.literal('custom')),
    name: z.string().min(1).max(MAX_NAME_LENGTH),
    description: optional(z.string()),
    input_schema: optional(jsonObject),
    strict: flag,
    cache_control: optional(cacheControl),
  })
  .transform(({ name, description, input_schema: parameters, strict, cache_control: cache }) => ({
    kind: 'function' as const,
    tool: present({ name, description, parameters, strict, cacheControl: cache }) as unknown as FunctionTool,
  }));

/** A tool that Anthropic runs itself, such as `web_search_20250305`: only web search has a meaning elsewhere. */
const serverTool = z
  .looseObject({ type: z.string().min(1).max(MAX_NAME_LENGTH) })
  .transform(({ type }) => ({ kind: 'server' as const, type }));

const tool = z.union([functionTool, serverTool]);

const toolChoice = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('auto'), disable_parallel_tool_use: flag }),
  z.looseObject({ type: z.literal('any'), disable_parallel_tool_use: flag }),
  z.looseObject({ type: z.literal('none') }),
  z.looseObject({
    type: z.literal('tool'),
    name: z.string().min(1).max(MAX_NAME_LENGTH),
    disable_parallel_tool_use: flag,
  }),
]);

const thinking = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1) }),
  z.looseObject({ type: z.literal('disabled') }),
  z.looseObject({ type: z.literal('adaptive') }),
]);

const jsonFormat = z.looseObject({ type: z.literal('json_schema'), schema: jsonObject });

/** The fields of `POST /messages` that this gateway understands (platform.claude.com/docs/en/api/messages; spec 2.10). */
export const messagesRequest = z.looseObject({
  ...routingFields,
  messages: z.array(message).min(1).max(MAX_MESSAGES),
  system: optional(systemContent),
  max_tokens: optional(z.int().min(1)),
  stream: flag,
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  top_k: optional(z.int().min(0)),
  stop_sequences: optional(z.array(z.string()).max(64)),
  tools: optional(z.array(tool).max(MAX_TOOLS)),
  tool_choice: optional(toolChoice),
  thinking: optional(thinking),
  output_config: optional(
    z.looseObject({
      effort: optional(z.enum(['low', 'medium', 'high', 'xhigh', 'max'])),
      format: optional(jsonFormat),
    }),
  ),
  /** The name that structured output had while it was in beta. */
  output_format: optional(jsonFormat),
  metadata: optional(z.looseObject({ user_id: optional(z.string().max(1024)) })),
  service_tier: optional(z.enum(['auto', 'standard_only'])),
  speed: optional(z.enum(['standard', 'fast'])),
  cache_control: optional(cacheControl),
  user: optional(z.string().max(1024)),
  /** Closed, because a fallback with other fields would not be what its caller thinks (features 78). */
  fallbacks: optional(z.array(z.strictObject({ model: modelId })).max(MAX_FALLBACKS)),
});
export type MessagesRequest = z.output<typeof messagesRequest>;
