import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  CONNECT_TIMEOUT_MS,
  DEFAULT_POOL_SIZE,
  IDLE_IN_TRANSACTION_TIMEOUT_MS,
  LOCK_TIMEOUT_MS,
  QUERY_TIMEOUT_MARGIN_MS,
  STATEMENT_TIMEOUT_MS,
} from './limits.js';

export interface DataSourceOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** The one schema of the service; unqualified names mean it alone. */
  readonly schema: string;
  readonly entities: readonly Function[];
  readonly poolSize?: number;
  /** Shown by `pg_stat_activity`. */
  readonly applicationName: string;
  /** For long reads on connections of their own; {@link STATEMENT_TIMEOUT_MS} when absent. */
  readonly statementTimeoutMs?: number;
}

/** A schema or role name that needs no quoting anywhere. */
export function assertName(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new RangeError(`not a plain SQL name: ${JSON.stringify(name)}`);
  return name;
}

/**
 * A TypeORM data source with the limits of a service (limits.ts), not yet connected: see `connect`. A connection that
 * PostgreSQL drops is replaced by the pool at the next query, so the data source outlives restarts of the server.
 */
export function createDataSource(options: DataSourceOptions): DataSource {
  const logger = new Logger('Database');
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return new DataSource({
    type: 'postgres',
    url: options.url,
    schema: assertName(options.schema),
    entities: [...options.entities],
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? DEFAULT_POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    installExtensions: false,
    logging: false,
    poolErrorHandler: (error: Error) => logger.warn(`an idle connection was lost: ${error.message}`),
    extra: {
      statement_timeout: statementTimeoutMs,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      query_timeout: statementTimeoutMs + QUERY_TIMEOUT_MARGIN_MS,
      keepAlive: true,
      options: `-c search_path=${options.schema}`,
    },
  });
}
