import { GatewayError } from '@switchyard/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';
import { describeJetStreamError, isHopeless } from './errors.js';

const ATTEMPT_TIMEOUT_MS = 1_000;
const PAUSE_MS = 100;
const RETRY_AFTER_MS = 1_000;

/**
 * Tries an idempotent write until the broker confirms it or the time is over. A confirmation may be lost with the connection, so
 * "failed" means "not known to be stored".
 * @param what names the write in errors.
 * @throws GatewayError `service_unavailable` when the time is over, `internal` when the message itself is refused.
 */
export async function retryUntil<T>(
  connection: Connection,
  what: string,
  timeoutMs: number,
  attempt: (attemptTimeoutMs: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = new Error('no connection to NATS');
  for (;;) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) break;
    if (!(await connection.whenConnected(leftMs))) break;
    try {
      return await connection.guard(attempt(Math.max(1, Math.min(leftMs, ATTEMPT_TIMEOUT_MS))));
    } catch (error) {
      if (isHopeless(error)) throw new GatewayError('internal', { cause: error });
      last = error;
    }
    await sleep(Math.min(PAUSE_MS, Math.max(0, deadline - performance.now())));
  }
  const cause = new Error(`${what} was not confirmed within ${timeoutMs} ms: ${describeJetStreamError(last)}`, {
    cause: last,
  });
  throw new GatewayError('service_unavailable', { cause, retryAfterMs: RETRY_AFTER_MS });
}
