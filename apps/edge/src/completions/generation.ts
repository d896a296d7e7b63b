import type {
  Attempt,
  CandidateVerdict,
  ClientHeaders,
  CompletionRequest,
  DialectId,
  JobId,
} from '@switchyard/contracts';
import type { z } from 'zod';
import type { Caller } from '../callers/caller.js';
import type { Claim } from '../idempotency/claim.js';
import type { OrderedCandidate } from '../routing/index.js';
import type { AttemptOptions } from './attempt-options.js';
import type { Answer } from './answer.js';
import type { Stay } from '../stickiness/stickiness.service.js';
import type { SteppedHold } from './stepped-hold.js';

/** What the headers of a request tell about the application behind it. */
export interface ClientFacts {
  readonly httpReferer: string | null;
  readonly appTitle: string | null;
  readonly userAgent: string | null;
  readonly sessionId: string | null;
}

/** One public request on its way through the gateway. Facts first; `attempts` grows while it runs. */
export interface Generation {
  readonly id: string;
  readonly caller: Caller;
  /** Its client's `Idempotency-Key`, which it keeps once something was used; null when none was sent. */
  readonly claim: Claim | null;
  /** What its client speaks. */
  readonly dialect: DialectId;
  /** What is asked for, when it is no completion. */
  readonly job?: JobId;
  readonly request: CompletionRequest;
  /** The client's JSON, serialised again: what was parsed is what is sent on. */
  readonly body: Uint8Array;
  readonly client: ClientFacts;
  /** Parameters are not left out for this client. */
  readonly strict?: boolean;
  /** The conversation that it belongs to, for where the next request of it should go; absent for jobs. */
  readonly stay?: Stay;
  /** Its client wants `openrouter_metadata` with the answer. */
  readonly tellsRouting?: boolean;
  /** Headers of the client that are meant for the provider. */
  readonly clientHeaders: ClientHeaders;
  /** What its client said about attempts; the usual ones when absent. */
  readonly options?: AttemptOptions;
  readonly candidates: readonly OrderedCandidate[];
  readonly verdicts: readonly z.output<typeof CandidateVerdict>[];
  /** What is set aside for it: the most that it may cost. Grows with a hold in steps. */
  readonly hold: { readonly boundNanos: bigint };
  /** How the hold grows with the answer; null when all of it was set aside at once. */
  readonly steps: SteppedHold | null;
  /** UTF-8 bytes of the prompt, for estimates. */
  readonly promptBytes: number;
  /** Most of what is billed by the piece, for estimates. */
  readonly pieces?: { readonly characters?: number };
  /** Wall clock, milliseconds: dates and the price row. Durations count on `startedMs`. */
  readonly admittedAtMs: number;
  /** Monotonic clock, when the request's headers had come. */
  readonly startedMs: number;
  readonly attempts: Attempt[];
  /** Told how it ended, once its client has all that it will get. */
  readonly answered?: ((answer: Answer) => void) | undefined;
}
