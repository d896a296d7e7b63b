import { boundOf } from './bound.js';
import type { PricedEndpoint } from './bound.js';

/** How large a job is: what goes in, and what is billed by the piece. Nothing comes out that is billed by its length. */
export interface JobBoundInput {
  /** UTF-8 bytes of all texts, an upper bound for their tokens. */
  readonly promptBytes: number;
  /** Texts that are read apart from each other. */
  readonly texts: number;
  /** Units that are billed by the piece, at most. */
  readonly requests: number;
  readonly admittedAtMs: number;
}

/**
 * The most that a job can cost, in nano-USD, whichever of the endpoints serves it. Unlike a completion a job is many prompts: each
 * fits into the context, all together need not, so the context bounds nothing here.
 * @throws RangeError without endpoints
 */
export const jobBoundOf = (
  { promptBytes, texts, requests, admittedAtMs }: JobBoundInput,
  endpoints: readonly PricedEndpoint[],
): bigint =>
  boundOf(
    { promptBytes, messages: texts, tools: 0, images: 0, maxTokens: 0, n: requests, admittedAtMs },
    endpoints.map((endpoint) => ({ ...endpoint, contextLength: Number.MAX_SAFE_INTEGER, maxCompletionTokens: 0 })),
  );
