import { AttemptFailure, ERRORS } from '@switchyard/contracts';
import type { ErrorCode } from '@switchyard/contracts';
import { z } from 'zod';
import { decodeJson, encodeJson } from './frame.js';

/** How a stream ended, as the worker said it; `lost` when the worker never said. */
export type StreamOutcome =
  | { readonly kind: 'end'; readonly meta: unknown }
  | { readonly kind: 'fail'; readonly meta: AttemptFailure }
  | { readonly kind: 'lost' };

/**
 * A stream that did not end well: the worker's own failure, or one of the bus (`worker_unavailable`, `worker_busy`,
 * `worker_lost`, `stream_lost`, `payload_too_large`, `overloaded`, `slow_client`, `client_closed_request`).
 */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';
  readonly failure: AttemptFailure;
  /** After a cancel before `head`: what the worker said last, which may hold usage. */
  readonly outcome: StreamOutcome | undefined;

  constructor(failure: AttemptFailure, outcome?: StreamOutcome) {
    super(failure.message);
    this.failure = failure;
    this.outcome = outcome;
  }
}

/** A failure that the bus itself found. */
export const busFailure = (
  code: ErrorCode,
  phase: AttemptFailure['phase'],
  details: Partial<AttemptFailure> = {},
): AttemptFailure => ({
  code,
  message: ERRORS[code].message,
  retryable: ERRORS[code].retryable,
  phase,
  upstreamStatus: null,
  retryAfterMs: null,
  raw: null,
  providerCode: null,
  usage: null,
  ...details,
});

export const encodeFailure = (failure: AttemptFailure): Uint8Array => encodeJson(z.encode(AttemptFailure, failure));

/** Null when the bytes are not a failure of the contract. */
export function decodeFailure(bytes: Uint8Array): AttemptFailure | null {
  try {
    const parsed = AttemptFailure.safeDecode(decodeJson(bytes) as z.input<typeof AttemptFailure>);
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
