import { z } from 'zod';

/** What OpenRouter's own client requires of these answers (spec 8.3 and Annex C): all of it, and with these types. */
/** `"-1"` is what OpenRouter's routers cost before it is known which model they choose. */
const price = z.string().regex(/^(-1|\d+(\.\d+)?)$/);
const Pricing = z.looseObject({
  prompt: price,
  completion: price,
  request: price.optional(),
  discount: z.number().optional(),
});
const Architecture = z.object({
  input_modalities: z.array(z.string()),
  output_modalities: z.array(z.string()),
  modality: z.string().nullable(),
  instruct_type: z.string().nullish(),
  tokenizer: z.string().optional(),
});
const Percentiles = z.object({ p50: z.number(), p75: z.number(), p90: z.number(), p99: z.number() });

export const ModelShape = z.object({
  architecture: Architecture,
  canonical_slug: z.string(),
  context_length: z.int().nullable(),
  created: z.int(),
  default_parameters: z.record(z.string(), z.number().nullable()).nullable(),
  description: z.string().optional(),
  expiration_date: z.string().nullish(),
  hugging_face_id: z.string().nullish(),
  id: z.string(),
  knowledge_cutoff: z.string().nullish(),
  links: z.object({ details: z.string() }),
  name: z.string(),
  per_request_limits: z.object({ completion_tokens: z.number(), prompt_tokens: z.number() }).nullable(),
  pricing: Pricing,
  reasoning: z
    .object({
      default_effort: z.string().nullish(),
      default_enabled: z.boolean().optional(),
      mandatory: z.boolean(),
      supported_efforts: z.array(z.string().nullable()).nullish(),
      supports_max_tokens: z.boolean().optional(),
    })
    .optional(),
  supported_parameters: z.array(z.string()),
  supported_voices: z.array(z.string()).nullable(),
  top_provider: z.object({
    context_length: z.int().nullish(),
    is_moderated: z.boolean(),
    max_completion_tokens: z.int().nullish(),
  }),
});

export const Listing = z.object({
  data: z.array(ModelShape),
  total_count: z.int(),
  links: z.object({ next: z.string().nullable() }),
});

const EndpointShape = z.object({
  context_length: z.int(),
  latency_last_30m: Percentiles.nullable(),
  max_completion_tokens: z.int().nullable(),
  max_prompt_tokens: z.int().nullable(),
  model_id: z.string(),
  model_name: z.string(),
  name: z.string(),
  pricing: Pricing,
  provider_name: z.string(),
  quantization: z.string().nullable(),
  status: z.literal([0, -1, -2, -3, -5, -10]),
  supported_parameters: z.array(z.string()),
  supports_implicit_caching: z.boolean(),
  supports_tool_choice: z.object({
    auto: z.boolean(),
    function: z.boolean(),
    none: z.boolean(),
    required: z.boolean(),
  }),
  supports_voice_cloning: z.boolean().optional(),
  tag: z.string(),
  throughput_last_30m: Percentiles.nullable(),
  uptime_last_1d: z.number().nullable(),
  uptime_last_30m: z.number().nullable(),
  uptime_last_5m: z.number().nullable(),
});

export const EndpointsShape = z.object({
  data: z.object({
    id: z.string(),
    name: z.string(),
    created: z.int(),
    description: z.string(),
    architecture: Architecture,
    endpoints: z.array(EndpointShape),
  }),
});
