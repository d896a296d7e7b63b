import type { AttemptFailure, AttemptOutcome, ErrorCode } from '@switchyard/contracts';

/** Faults of our own side of the wire, which say nothing about the endpoint behind it. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  'worker_busy',
  'stream_lost',
  'payload_too_large',
  'overloaded',
  'internal',
]);
const GONE: ReadonlySet<ErrorCode> = new Set(['client_closed_request', 'slow_client']);

/** What a failed attempt says about the health of its endpoint. */
export function healthOutcome({
  code,
  retryable,
  phase,
}: Pick<AttemptFailure, 'code' | 'retryable' | 'phase'>): AttemptOutcome['outcome'] {
  if (GONE.has(code)) return 'cancelled';
  // A worker of which nothing was heard tells as little.
  const unheard = code === 'worker_lost' && phase === 'claim';
  return unheard || OURS.has(code) || !retryable ? 'client_error' : 'failure';
}
