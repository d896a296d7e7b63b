import { completionTokens, promptTokens } from '@switchyard/contracts';
import type { JobId, Usage } from '@switchyard/contracts';

type Amounts = Readonly<Record<string, unknown>>;

/** What a job used, in the words that its clients know (spec, schemas of the answers). */
export function amountsOf(job: JobId, usage: Usage): Amounts {
  const [input, output] = [promptTokens(usage), completionTokens(usage)];
  if (job === 'embeddings') return { prompt_tokens: input, total_tokens: input };
  // Billed by the search or by the token, and shown is what it was billed by.
  if (job === 'rerank') return input > 0 ? { total_tokens: input } : { search_units: usage.requests };
  if (job === 'image')
    return { ...imageTokens(usage), prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  return {
    ...(usage.inputSeconds === undefined ? { type: 'tokens' } : { type: 'duration', seconds: usage.inputSeconds }),
    ...(input + output > 0 && { input_tokens: input, output_tokens: output, total_tokens: input + output }),
  };
}

/** OpenAI's words beside OpenRouter's. */
const imageTokens = (usage: Usage): Amounts => ({
  input_tokens: promptTokens(usage),
  output_tokens: completionTokens(usage),
  input_tokens_details: { image_tokens: usage.imageInputTokens, text_tokens: usage.inputTokens },
  completion_tokens_details: { image_tokens: usage.imageOutputTokens, reasoning_tokens: usage.reasoningTokens },
});
