import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';

/** SQLSTATE of an error of PostgreSQL, or the code of a socket error (`ECONNREFUSED`); null when it has none. */
export function sqlStateOf(error: unknown): string | null {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return null;
  return typeof cause.code === 'string' ? cause.code : null;
}

/** Name of the constraint that refused a row; null when the error is another one. */
export function constraintOf(error: unknown): string | null {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (typeof cause !== 'object' || cause === null || !('constraint' in cause)) return null;
  return typeof cause.constraint === 'string' ? cause.constraint : null;
}

export const isUniqueViolation = (error: unknown): boolean => sqlStateOf(error) === '23505';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
// Sessions ended by the server: administrator, crash, start-up or shutdown, idle in transaction.
const SERVER_GONE = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300']);
const SOCKET_GONE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
// Errors of pg and pg-pool that carry no code.
const MESSAGE_GONE =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|query read timeout|not queryable|connection error|driver not connected/i;

/** The connection was lost, or none could be had: whether the last statement took effect is unknown. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const state = sqlStateOf(error);
  if (state !== null && (SERVER_GONE.has(state) || SOCKET_GONE.has(state) || state.startsWith('08'))) return true;
  return error instanceof Error && MESSAGE_GONE.test(error.message);
}

/** The same transaction may succeed if it is tried again: serialization, deadlock, a lock not had in time, a lost connection. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error);
  return (
    state === SERIALIZATION_FAILURE || state === DEADLOCK || state === LOCK_NOT_AVAILABLE || isConnectionLoss(error)
  );
}
