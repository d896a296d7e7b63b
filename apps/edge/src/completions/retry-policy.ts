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
  /** No other endpoint may serve the request. */
  readonly onlyEndpoint: boolean;
  /** Tries on this endpoint so far, the failed one included. */
  readonly triesHere: number;
}

export type RetryDecision =
  | { readonly go: 'same-endpoint'; readonly waitMs: number }
  | { readonly go: 'next-endpoint' }
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

/** Decides what follows a failure, as long as nothing has reached the client. Pure. */
export function afterFailure(failure: FailureFacts, { onlyEndpoint, triesHere }: RetryFacts): RetryDecision {
  // The request itself is at fault here: another endpoint of this model would say the same, another model may not.
  if (!failure.retryable || !ERRORS[failure.code].retryable) return { go: 'next-model' };
  if (NEVER_AGAIN_STATUS.has(failure.upstreamStatus)) return { go: 'next-endpoint' };
  if (WORKER_CODES.has(failure.code)) return afterWorkerFailure(failure.code, onlyEndpoint, triesHere);
  if (!onlyEndpoint) return { go: 'next-endpoint' };
  const { retryAfterMs } = failure;
  if (retryAfterMs !== null)
    return retryAfterMs <= MAX_RETRY_AFTER_MS && triesHere <= MAX_WAITS
      ? { go: 'same-endpoint', waitMs: Math.max(retryAfterMs, MIN_RETRY_AFTER_MS) }
      : { go: 'next-endpoint' };
  const once = ONCE_MORE.has(failure.code) && ONCE_MORE_STATUS.has(failure.upstreamStatus) && triesHere === 1;
  return once ? { go: 'same-endpoint', waitMs: 0 } : { go: 'next-endpoint' };
}

function afterWorkerFailure(code: ErrorCode, onlyEndpoint: boolean, triesHere: number): RetryDecision {
  const tries = onlyEndpoint ? 3 : 1;
  // A group without any worker answers at once, so somebody else is asked first where there is somebody.
  if (triesHere > tries || (code === 'worker_unavailable' && !onlyEndpoint)) return { go: 'next-endpoint' };
  return { go: 'same-endpoint', waitMs: code === 'worker_lost' ? 0 : WORKER_WAIT_MS * triesHere };
}
