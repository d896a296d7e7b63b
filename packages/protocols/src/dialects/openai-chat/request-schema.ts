import { z } from 'zod';
import type { JsonRecord } from '../../json.js';
import { cacheControl } from '../common/cache-control.js';
import { message } from './message-schema.js';
import { routingFields } from '../common/routing-fields.js';
import { optional } from '../common/schema-helpers.js';
import { responseFormat, tool, toolChoice } from './tool-schema.js';

export const MAX_MESSAGES = 10_000;
export const MAX_TOOLS = 512;
const MAX_LOGIT_BIASES = 10_000;

const tokens = optional(z.int().min(1));
const penalty = optional(z.number().min(-2).max(2));
const fraction = optional(z.number().min(0).max(1));
const flag = optional(z.boolean());

export const EFFORTS = ['max', 'xhigh', 'high', 'medium', 'low', 'minimal', 'none'] as const;

const reasoning = z.looseObject({
  effort: optional(z.enum(EFFORTS)),
  max_tokens: optional(z.int().min(0)),
  exclude: flag,
  enabled: flag,
  summary: optional(z.string().max(32)),
});

/** The fields of `POST /chat/completions` that this gateway understands (spec 2.2). Others are kept, not checked. */
export const chatRequest = z.looseObject({
  ...routingFields,
  messages: optional(z.array(message).min(1).max(MAX_MESSAGES)),
  prompt: optional(z.string()),
  stream: flag,
  max_tokens: tokens,
  max_completion_tokens: tokens,
  n: optional(z.int().min(1).max(128)),
  temperature: optional(z.number().min(0).max(2)),
  top_p: fraction,
  top_k: optional(z.int().min(0)),
  min_p: fraction,
  top_a: fraction,
  frequency_penalty: penalty,
  presence_penalty: penalty,
  repetition_penalty: optional(z.number().min(0).max(2)),
  seed: optional(z.int()),
  stop: optional(
    z.union(
      [z.string().transform((text) => [text]), z.array(z.string()).max(4)],
      'expected a string or at most 4 strings',
    ),
  ),
  logit_bias: optional(
    z
      .record(z.string().max(32), z.number().min(-100).max(100))
      .refine(
        (biases) => Object.keys(biases).length <= MAX_LOGIT_BIASES,
        `expected at most ${MAX_LOGIT_BIASES} entries`,
      ),
  ),
  logprobs: flag,
  top_logprobs: optional(z.int().min(0).max(20)),
  tools: optional(z.array(tool).max(MAX_TOOLS)),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: flag,
  response_format: optional(responseFormat),
  reasoning: optional(reasoning),
  reasoning_effort: optional(z.enum(EFFORTS)),
  include_reasoning: flag,
  verbosity: optional(z.enum(['low', 'medium', 'high', 'xhigh', 'max'])),
  prediction: optional(z.record(z.string(), z.unknown())),
  modalities: optional(z.array(z.string().max(32)).max(8)),
  audio: optional(z.record(z.string(), z.unknown())),
  image_config: optional(z.record(z.string(), z.unknown())),
  web_search_options: optional(z.record(z.string(), z.unknown())),
  user: optional(z.string().max(1024)),
  metadata: optional(
    z
      .record(z.string().max(64), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'expected at most 16 entries'),
  ),
  cache_control: optional(cacheControl),
  prompt_cache_key: optional(z.string().max(1024)),
  service_tier: optional(z.string().max(32)),
});
export type ChatRequest = z.output<typeof chatRequest>;

/** What nearly all requests do with, in the order of the whole schema. */
const usualRequest = chatRequest.pick({
  model: true,
  provider: true,
  messages: true,
  stream: true,
  max_tokens: true,
  max_completion_tokens: true,
  temperature: true,
  top_p: true,
  stop: true,
  tools: true,
  tool_choice: true,
  response_format: true,
  user: true,
});
const UNUSUAL_FIELDS = new Set(Object.keys(chatRequest.shape).filter((name) => !(name in usualRequest.shape)));

/** Reads a body by {@link chatRequest}, which asks for every field that it knows, or where that finds the same by less of it. */
export const readChatRequest = (body: JsonRecord): z.ZodSafeParseResult<ChatRequest> =>
  Object.keys(body).some((name) => UNUSUAL_FIELDS.has(name))
    ? chatRequest.safeParse(body)
    : usualRequest.safeParse(body);

/** Fields that only a gateway understands and that therefore never reach a provider, beside those of the schema. */
export const GATEWAY_FIELDS: readonly string[] = [
  'preset',
  'transforms',
  'trace',
  'debug',
  'usage',
  'stream_options',
  'stop_server_tools_when',
  'max_tool_calls',
  'structured_outputs',
  'prompt_cache_options',
  'x_search_filter',
];
