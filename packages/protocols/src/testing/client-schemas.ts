import { z } from 'zod';

/**
 * What the strictest clients accept (spec 8.3 to 8.5): OpenRouter's SDK and the AI SDK provider together. Where they disagree
 * only the form that satisfies both is allowed.
 */
const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'error']);
const annotation = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('url_citation'),
    url_citation: z.object({ url: z.string(), title: z.string(), start_index: z.int(), end_index: z.int() }),
  }),
  z.object({ type: z.literal('file'), file: z.object({ name: z.string() }) }),
]);
const image = z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) });
const detail = z.object({ type: z.enum(['reasoning.text', 'reasoning.summary', 'reasoning.encrypted']) });
const logprobs = z
  .object({ content: z.array(z.object({ token: z.string(), logprob: z.number() })).nullable() })
  .nullable();

export const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  cost: z.number(),
  is_byok: z.boolean(),
  prompt_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
  cost_details: z.object({
    upstream_inference_cost: z.number(),
    upstream_inference_prompt_cost: z.number(),
    upstream_inference_completions_cost: z.number(),
  }),
});

const identity = {
  id: z.string().startsWith('gen-'),
  created: z.int(),
  model: z.string(),
  provider: z.string(),
  service_tier: z.string().nullable().optional(),
};

export const chunk = z.object({
  ...identity,
  object: z.literal('chat.completion.chunk'),
  system_fingerprint: z.string().optional(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().nullable().optional(),
        refusal: z.string().nullable().optional(),
        reasoning: z.string().nullable().optional(),
        reasoning_content: z.never().optional(),
        reasoning_details: z.array(detail).optional(),
        tool_calls: z
          .array(
            z.object({
              index: z.int(),
              id: z.string().min(1).optional(),
              type: z.literal('function').optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string() }),
            }),
          )
          .optional(),
        images: z.array(image).optional(),
        annotations: z.array(annotation).optional(),
      }),
      finish_reason: finishReason.nullable(),
      native_finish_reason: z.string().nullable().optional(),
      logprobs: logprobs.optional(),
    }),
  ),
  usage: usage.optional(),
  error: z
    .object({
      code: z.int(),
      message: z.string(),
      metadata: z.object({ error_type: z.string(), code: z.string() }),
    })
    .optional(),
});

export const body = z.object({
  ...identity,
  object: z.literal('chat.completion'),
  system_fingerprint: z.string().nullable(),
  choices: z.array(
    z.object({
      index: z.int(),
      finish_reason: finishReason,
      native_finish_reason: z.string().nullable(),
      logprobs: logprobs.optional(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        reasoning: z.string().optional(),
        reasoning_content: z.never().optional(),
        reasoning_details: z.array(detail).optional(),
        tool_calls: z
          .array(
            z.object({
              id: z.string().min(1),
              type: z.literal('function'),
              function: z.object({ name: z.string().min(1), arguments: z.string() }),
            }),
          )
          .optional(),
        images: z.array(image).optional(),
        annotations: z.array(annotation).optional(),
      }),
    }),
  ),
  usage,
});

/** The events of our own streams; every one must end with a blank line, and nothing but comments and data may stand in them. */
export function eventsOf(bytes: Uint8Array): readonly unknown[] {
  const text = Buffer.from(bytes).toString('utf8');
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the last event has no blank line');
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      if (!block.startsWith('data: ') || block.includes('\n'))
        throw new Error(`not one data line: ${block.slice(0, 40)}`);
      const data = block.slice('data: '.length);
      return data === '[DONE]' ? data : (JSON.parse(data) as unknown);
    });
}
