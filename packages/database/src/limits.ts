/** Deadlines that every service connection carries, so that no lock or forgotten transaction can hold up the others. */
export const STATEMENT_TIMEOUT_MS = 5_000;
export const LOCK_TIMEOUT_MS = 1_000;
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

/** The client waits this much longer than the server's own limit: for a server that is stopped and cannot keep its limit. */
export const QUERY_TIMEOUT_MARGIN_MS = 1_000;

/** Longest wait for a connection, from the pool or of a new one. */
export const CONNECT_TIMEOUT_MS = 3_000;

/** A pool per process; PostgreSQL's default is 100 connections for everybody. */
export const DEFAULT_POOL_SIZE = 10;

/** Pause between two looks whether PostgreSQL is up. */
export const CONNECT_RETRY_MS = 250;

/** Tries of a transaction that its caller declared idempotent, and the pauses between them. */
export const TRANSACTION_ATTEMPTS = 5;
export const RETRY_BASE_MS = 20;
export const RETRY_MAX_MS = 500;

/** Migrations may rewrite tables, but must not queue behind a running service for ever. */
export const MIGRATION_LOCK_TIMEOUT_MS = 10_000;
