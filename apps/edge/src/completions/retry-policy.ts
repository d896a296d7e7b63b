import { ERRORS } from '@switchyard/contracts';
import type { ErrorCode } from '@switchyard/contracts';

/** What the policy needs to know of a failed attempt. */
export interface FailureFacts {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly upstreamStatus: number | null;
}

export interface RetryFacts {
  /** No other endpoint may serve the request, or none is left. */
  readonly onlyEndpoint: boolean;
  /** Tries on this endpoint so far, the failed one included. */
  readonly triesHere: number;
  /** Nothing was wrong with the endpoint before this attempt. */
  readonly wasWell: boolean;
}

export type RetryDecision =
  /** `ours`: it never got as far as the provider, so asking again is no load for it. */
  | { readonly go: 'same-endpoint'; readonly waitMs: number; readonly ours: boolean }
  /** `restMs`: it asked for a short rest, after which it may be asked again if nobody else can serve. */
  | { readonly go: 'next-endpoint'; readonly restMs?: number }
  | { readonly go: 'next-model' };

/** A provider's `Retry-After` is waited for up to this long, where nobody else can serve. */
export const MAX_RETRY_AFTER_MS = 2_000;
const MIN_RETRY_AFTER_MS = 100;
/** How often one endpoint may ask for patience in one generation. */
const MAX_WAITS = 2;

/** Another member of the group can take the call at once; with none at all a new process may be coming up. */
const WORKER_CODES: ReadonlySet<ErrorCode> = new Set(['worker_busy', 'worker_lost', 'worker_unavailable']);
const WORKER_WAIT_MS = 100;
const ONCE_MORE: ReadonlySet<ErrorCode> = new Set(['upstream_error', 'upstream_disconnected', 'upstream_unreachable']);
const ONCE_MORE_STATUS: ReadonlySet<number | null> = new Set([null, 500, 502]);
/** Asking the same endpoint the same thing again can only fail again (routing.md, "Attempts"). */
const NEVER_AGAIN_STATUS: ReadonlySet<number | null> = new Set([400, 401, 403, 404, 413, 422]);

const NEXT_ENDPOINT: RetryDecision = { go: 'next-endpoint' };
const ONCE_AGAIN: RetryDecision = { go: 'same-endpoint', waitMs: 0, ours: false };

/** Decides what follows a failure, as long as nothing has reached the client. Pure. */
export function afterFailure(failure: FailureFacts, facts: RetryFacts): RetryDecision {
  const { onlyEndpoint, triesHere } = facts;
  // The request itself is at fault here: another endpoint of this model would say the same, another model may not.
  if (!failure.retryable || !ERRORS[failure.code].retryable) return { go: 'next-model' };
  if (NEVER_AGAIN_STATUS.has(failure.upstreamStatus)) return NEXT_ENDPOINT;
  if (WORKER_CODES.has(failure.code)) return afterWorkerFailure(failure.code, onlyEndpoint, triesHere);
  const restMs = restFor(failure, triesHere);
  if (restMs !== null)
    return onlyEndpoint ? { go: 'same-endpoint', waitMs: restMs, ours: false } : { go: 'next-endpoint', restMs };
  if (isStumble(failure, facts)) return ONCE_AGAIN;
  return onlyEndpoint && isWorthOnceMore(failure, triesHere) ? ONCE_AGAIN : NEXT_ENDPOINT;
}

/** How long the provider wants to be left alone before it is asked again, where that is short enough to be waited for; else null. */
function restFor({ retryAfterMs }: Pick<FailureFacts, 'retryAfterMs'>, triesHere: number): number | null {
  if (retryAfterMs === null || retryAfterMs > MAX_RETRY_AFTER_MS || triesHere > MAX_WAITS) return null;
  return Math.max(retryAfterMs, MIN_RETRY_AFTER_MS);
}

/** A single 500 of an endpoint that was well is a stumble: asked again at once it mostly answers, and its prompt cache is warm. */
const isStumble = ({ code, upstreamStatus, retryAfterMs }: FailureFacts, { triesHere, wasWell }: RetryFacts): boolean =>
  code === 'upstream_error' && upstreamStatus === 500 && retryAfterMs === null && triesHere === 1 && wasWell;

const isWorthOnceMore = ({ code, upstreamStatus, retryAfterMs }: FailureFacts, triesHere: number): boolean =>
  retryAfterMs === null && ONCE_MORE.has(code) && ONCE_MORE_STATUS.has(upstreamStatus) && triesHere === 1;

function afterWorkerFailure(code: ErrorCode, onlyEndpoint: boolean, triesHere: number): RetryDecision {
  const tries = onlyEndpoint ? 3 : 1;
  // A group without any worker answers at once, so somebody else is asked first where there is somebody.
  if (triesHere > tries || (code === 'worker_unavailable' && !onlyEndpoint)) return NEXT_ENDPOINT;
  return { go: 'same-endpoint', waitMs: code === 'worker_lost' ? 0 : WORKER_WAIT_MS * triesHere, ours: true };
}
