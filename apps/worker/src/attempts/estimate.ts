import { completionTokens, PIECE_BUCKETS, promptTokens, usageOf } from '@switchyard/contracts';
import type { Usage } from '@switchyard/contracts';

/** English text has about four characters per token in the tokenizers of today. */
const CHARACTERS_PER_TOKEN = 4;
/** A middling image: Gemini counts 258 tokens per tile, others between 85 and some thousand. */
const TOKENS_PER_IMAGE = 258;

export interface Counted {
  /** UTF-8 bytes of the prompt's text, and its images. */
  readonly promptBytes: number;
  readonly images: number;
  /** Characters that were forwarded: text, reasoning, arguments of tools. */
  readonly outputCharacters: number;
  /** What the provider had reported when it stopped. */
  readonly partial: Usage | null;
}

/**
 * A usage for an answer whose usage never came: what the provider reported until then, where it did, else counted characters.
 * Output is never below what was forwarded, and marked `estimated`.
 */
export function estimateUsage({ promptBytes, images, outputCharacters, partial }: Counted): Usage {
  const outputTokens = Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN);
  if (partial && (promptTokens(partial) > 0 || PIECE_BUCKETS.some((bucket) => (partial[bucket] ?? 0) > 0))) {
    const missing = Math.max(0, outputTokens - completionTokens(partial));
    return { ...partial, source: 'estimated', requests: 1, outputTokens: partial.outputTokens + missing };
  }
  const inputTokens = Math.ceil(promptBytes / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
  return usageOf({ source: 'estimated', inputTokens, outputTokens, requests: 1 });
}

/** A usage that the provider reported, if it is one: providers have been seen to report negative and fractional tokens. */
export const reportedUsage = (usage: Usage | null): Usage | null => {
  if (!usage || usage.source === 'none') return null;
  const sound = Object.values(usage).every(
    (value) => typeof value === 'string' || (Number.isSafeInteger(value) && value >= 0),
  );
  return sound ? { ...usage, requests: Math.max(1, usage.requests) } : null;
};
