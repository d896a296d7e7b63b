import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { isConnectionLoss } from './errors.js';
import { CONNECT_RETRY_MS, CONNECT_TIMEOUT_MS } from './limits.js';

export interface WaitOptions {
  /** Give up after this long; for ever when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Resolves when PostgreSQL answers a query at the url.
 * @throws the last error when the time is up, and at once for what waiting cannot cure (wrong password, unknown database).
 */
export async function waitForDatabase(url: string, { timeoutMs, signal }: WaitOptions = {}): Promise<void> {
  const startedAt = performance.now();
  const logger = new Logger('Database');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await probe(url);
      return;
    } catch (error) {
      const waitedMs = performance.now() - startedAt;
      if (!isConnectionLoss(error) || (timeoutMs !== undefined && waitedMs > timeoutMs)) throw error;
      if (attempt === 1) logger.warn('waiting for PostgreSQL');
    }
    await sleep(CONNECT_RETRY_MS, undefined, { signal });
  }
}

/** Initialises the data source as soon as PostgreSQL is there. Errors as {@link waitForDatabase}. */
export async function connect(dataSource: DataSource, options: WaitOptions = {}): Promise<DataSource> {
  const { url } = dataSource.options as { url?: string };
  // A failed `initialize` leaves its pool behind, so it is only called when it is likely to succeed.
  for (;;) {
    await waitForDatabase(url ?? '', options);
    try {
      return await dataSource.initialize();
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
    }
  }
}

async function probe(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // Without a listener a connection that drops between two awaits would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}
