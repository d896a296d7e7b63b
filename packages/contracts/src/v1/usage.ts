import { z } from 'zod';
import { ServiceTier } from './price.js';

const count = z.int().nonnegative().default(0);
const piece = z.int().nonnegative().optional();

/**
 * What a generation used, in disjoint buckets that sum to the provider's totals; tokens unless the name says otherwise.
 * `source` is three-valued because an explicit zero is not a missing usage.
 */
export const Usage = z.object({
  source: z.enum(['reported', 'estimated', 'none']),
  /** Input that was neither read from nor written to a cache, without audio and images. */
  inputTokens: count,
  /** Read from a cache, without audio. */
  cacheReadTokens: count,
  cacheReadAudioTokens: count,
  /** Written to the provider's cache with its shortest lifetime (Anthropic: 5 minutes). */
  cacheWriteTokens: count,
  cacheWrite1hTokens: count,
  audioInputTokens: count,
  imageInputTokens: count,
  videoInputTokens: count,
  /** Visible output, without reasoning, audio and images. */
  outputTokens: count,
  reasoningTokens: count,
  audioOutputTokens: count,
  imageOutputTokens: count,
  /** Calls of the provider: one for an ordinary generation. */
  requests: count,
  /** Web searches that the provider ran. */
  searches: count,
  /** Images of the prompt as whole ones: only where the price book charges by the image and not by their tokens. */
  inputImages: count,
  /** Characters that were spoken, where speech is billed by them. Absent, like the next two: none. */
  inputCharacters: piece,
  /** Seconds of audio that were heard, where they are billed instead of tokens; begun ones count. */
  inputSeconds: piece,
  /** Images that were made, where they are billed by the piece. */
  outputImages: piece,
  /** The tier that the provider says served it; absent: its standard one. */
  serviceTier: ServiceTier.optional(),
});
export type Usage = z.output<typeof Usage>;

/** Buckets that are counted by the piece and not in tokens: what a bill can follow from where there is no token at all. */
export const PIECE_BUCKETS = ['inputCharacters', 'inputSeconds', 'outputImages'] as const;

/** Buckets of tokens that went in. */
export const INPUT_BUCKETS = [
  'inputTokens',
  'cacheReadTokens',
  'cacheReadAudioTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'imageInputTokens',
  'videoInputTokens',
] as const;
/** Buckets of tokens that came out. */
export const OUTPUT_BUCKETS = ['outputTokens', 'reasoningTokens', 'audioOutputTokens', 'imageOutputTokens'] as const;

const NOTHING_USED: Omit<Usage, 'source'> = Object.freeze({
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheReadAudioTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  audioInputTokens: 0,
  imageInputTokens: 0,
  videoInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
  imageOutputTokens: 0,
  requests: 0,
  searches: 0,
  inputImages: 0,
});

/**
 * A usage with every bucket at zero but those given.
 * @throws ZodError when one of them is no count
 */
export function usageOf(buckets: z.input<typeof Usage>): Usage {
  const usage: Record<string, unknown> = { source: buckets.source, ...NOTHING_USED };
  for (const [name, value] of Object.entries(buckets)) {
    // Every bucket is a count, so the schema itself is needed only to say what is wrong with one that is none.
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) return Usage.parse(buckets);
    if (value !== undefined) usage[name] = value;
  }
  return usage as Usage;
}

/** `prompt_tokens` of the public API: all input buckets. */
export const promptTokens = (usage: Usage): number => INPUT_BUCKETS.reduce((sum, bucket) => sum + usage[bucket], 0);

/** `completion_tokens` of the public API: all output buckets. */
export const completionTokens = (usage: Usage): number =>
  OUTPUT_BUCKETS.reduce((sum, bucket) => sum + usage[bucket], 0);
