import { ERRORS } from '@switchyard/contracts';
import type { AttemptFailure, ErrorCode, UpstreamFailure } from '@switchyard/contracts';
import { NotAuthorized } from '../authorization/types.js';
import { CallCancelled, DeadlineExceeded } from './deadlines.js';
import type { DeadlineKind } from './deadlines.js';
import { MAX_RETRY_AFTER_MS } from './limits.js';
import { AnswerTooLarge } from './upstream-body.js';

/** How far a call got. */
export interface Progress {
  /** The request was given to a connection: the provider may be working, and billing. */
  dispatched: boolean;
  /** Status of the provider's answer. */
  status: number | null;
  /** Bytes for the client went out. */
  spoke: boolean;
}

export const failureOf = (code: ErrorCode): UpstreamFailure => ({
  code,
  message: ERRORS[code].message,
  retryable: ERRORS[code].retryable,
});

const DEADLINE_CODES: Readonly<Record<DeadlineKind, ErrorCode>> = {
  connect: 'upstream_unreachable',
  'first-byte': 'upstream_timeout',
  idle: 'upstream_timeout',
  total: 'upstream_timeout',
};

/** What a thrown error means. The error's own text stays here: it can name addresses and quote bytes. */
export function failureOfThrown(error: unknown, { dispatched }: Progress): UpstreamFailure {
  if (error instanceof CallCancelled) return failureOf('client_closed_request');
  if (error instanceof DeadlineExceeded) return failureOf(DEADLINE_CODES[error.kind]);
  if (error instanceof NotAuthorized) return failureOf('upstream_auth');
  if (error instanceof AnswerTooLarge) return failureOf('upstream_invalid_response');
  // Nested so deep that reading or writing it overflows the stack.
  if (propertyOf(error, 'name') === 'RangeError') return failureOf('upstream_invalid_response');
  const code = propertyOf(error, 'code');
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RESPONSE_EXCEEDED_MAX_SIZE')
    return failureOf('upstream_invalid_response');
  if (!dispatched) return failureOf('upstream_unreachable');
  return code === '' ? failureOf('internal') : failureOf('upstream_disconnected');
}

const propertyOf = (error: unknown, name: 'code' | 'name'): string => {
  const value = (error as Partial<Record<typeof name, unknown>> | null | undefined)?.[name];
  return typeof value === 'string' ? value : '';
};

export function phaseOf({ dispatched, status }: Progress): AttemptFailure['phase'] {
  if (status !== null && status < 300) return 'stream';
  return dispatched ? 'headers' : 'connect';
}

/** The failure as the edge gets it. `mask` removes what must not leave the process. */
export function attemptFailure(
  failure: UpstreamFailure,
  { phase, status, mask }: { phase: AttemptFailure['phase']; status: number | null; mask: (text: string) => string },
): AttemptFailure {
  return {
    code: failure.code,
    message: mask(failure.message),
    retryable: failure.retryable,
    phase,
    upstreamStatus: status,
    retryAfterMs: failure.retryAfterMs === undefined ? null : cappedRetryAfter(failure.retryAfterMs),
    raw: failure.raw === undefined ? null : mask(failure.raw).slice(0, MAX_RAW_CHARACTERS),
    providerCode: failure.providerCode === undefined ? null : mask(failure.providerCode).slice(0, MAX_CODE_CHARACTERS),
    usage: null,
  };
}

const MAX_RAW_CHARACTERS = 2048;
const MAX_CODE_CHARACTERS = 200;

const cappedRetryAfter = (ms: number): number => Math.trunc(Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS));

/** Removes our own credentials wherever a provider repeats them. */
export const maskerOf =
  (secrets: readonly string[]) =>
  (text: string): string =>
    secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
