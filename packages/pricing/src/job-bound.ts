import { boundOf } from './bound.js';
import type { Pieces, PricedEndpoint } from './bound.js';
import { BASE64_PER_AUDIO_TOKEN } from './prompt-bound.js';

/** How large a job is at most: what goes in, what comes out, and what is billed by the piece. */
export interface JobBoundInput {
  /** UTF-8 bytes of all texts, an upper bound for their tokens. */
  readonly promptBytes: number;
  /** Texts that are read apart from each other. */
  readonly texts: number;
  /** Units that are billed by the request, at most. */
  readonly requests: number;
  /** Images that go in. */
  readonly images?: number;
  /** Seconds of audio that go in are `pieces.seconds`: heard as tokens or billed as they are. */
  readonly pieces?: Pieces;
  /** Most output tokens; null: for each image that comes out, else for the whole, as many as the endpoint gives. Absent: none. */
  readonly outputTokens?: number | null;
  readonly admittedAtMs: number;
}

/** Gemini counts the most of all: 32 tokens for a second of audio. */
const AUDIO_TOKENS_PER_SECOND = 32;

/**
 * The most that a job can cost, in nano-USD, whichever of the endpoints serves it. Unlike a completion a job is many prompts: each
 * fits into the context, all together need not, so the context bounds nothing here.
 * @throws RangeError without endpoints
 */
export const jobBoundOf = (
  { promptBytes, texts, requests, images = 0, pieces = {}, outputTokens = 0, admittedAtMs }: JobBoundInput,
  endpoints: readonly PricedEndpoint[],
): bigint =>
  boundOf(
    {
      promptBytes,
      messages: texts,
      tools: 0,
      images,
      audioBytes: (pieces.seconds ?? 0) * AUDIO_TOKENS_PER_SECOND * BASE64_PER_AUDIO_TOKEN,
      maxTokens: null,
      n: requests,
      pieces,
      admittedAtMs,
    },
    endpoints.map((endpoint) => ({
      ...endpoint,
      contextLength: Number.MAX_SAFE_INTEGER,
      maxCompletionTokens: mostOutput(endpoint, outputTokens, pieces.outputImages ?? 1),
    })),
  );

/** A limit of the endpoint holds for each of its answers; several images are so many answers. */
function mostOutput(
  { maxCompletionTokens, contextLength }: PricedEndpoint,
  outputTokens: number | null,
  answers: number,
): number {
  const limit = maxCompletionTokens ?? contextLength;
  return outputTokens === null ? limit * answers : Math.min(outputTokens, maxCompletionTokens ?? outputTokens);
}
