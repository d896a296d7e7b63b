import { GatewayError } from '@switchyard/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isConnectionLoss, isTransient } from './errors.js';
import { RETRY_BASE_MS, RETRY_MAX_MS, TRANSACTION_ATTEMPTS } from './limits.js';

export interface TransactionOptions {
  /**
   * The work may run twice with the effect of once. Only then is it tried again after a serialization failure, a deadlock, a
   * lock not had in time or a lost connection: after a lost connection nobody knows whether the first try was committed.
   */
  readonly idempotent: boolean;
  readonly attempts?: number;
  /** READ COMMITTED when absent, where every statement sees what is committed by then. */
  readonly isolation?: 'REPEATABLE READ';
}

/**
 * Runs the work in one transaction and commits it.
 * @throws GatewayError `service_unavailable` when PostgreSQL cannot be had (all tries lost to transient errors), otherwise what the work threw.
 */
export function transaction<Result>(
  dataSource: DataSource,
  options: TransactionOptions,
  work: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  return withRetries(options, () =>
    withRunner(dataSource, async (runner) => {
      await runner.startTransaction(options.isolation);
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    }),
  );
}

/**
 * Rows of one statement, outside a transaction. Tried again only if declared idempotent, as every read is.
 * @throws as {@link transaction}.
 */
export function query<Row extends object>(
  dataSource: DataSource,
  options: TransactionOptions,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  return withRetries(options, () => withRunner(dataSource, (runner) => rows<Row>(runner.manager, sql, parameters)));
}

/** Rows of one statement inside a transaction. TypeORM answers `[rows, count]` for UPDATE and DELETE; this answers rows always. */
export async function rows<Row extends object>(
  manager: EntityManager,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const runner = manager.queryRunner;
  if (!runner) throw new TypeError('rows() needs the manager of a transaction');
  const values = [...parameters];
  const result = await runner.query(sql, values, true);
  // The driver's queries hang together in the old generation until a full collection, each with its values: megabytes of a batch.
  values.length = 0;
  return result.records as Row[];
}

async function withRetries<Result>(options: TransactionOptions, work: () => Promise<Result>): Promise<Result> {
  const attempts = options.idempotent ? (options.attempts ?? TRANSACTION_ATTEMPTS) : 1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (attempt >= attempts) throw new GatewayError('service_unavailable', { cause: error, retryAfterMs: 1_000 });
    }
    // Jitter, so that two transactions that met do not meet again.
    await sleep(Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** attempt) * (0.5 + Math.random() / 2));
  }
}

async function withRunner<Result>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } catch (error) {
    if (isConnectionLoss(error)) await discard(runner);
    else if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => discard(runner));
    throw error;
  } finally {
    await runner.release();
  }
}

/** A connection whose query timed out still waits for the answer: it must not go back to the pool. */
async function discard(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  const client = (await runner.connect().catch(() => null)) as {
    connection?: { stream?: { destroy(): void } };
  } | null;
  client?.connection?.stream?.destroy();
}
