export { bigintTransformer } from './bigint-transformer.js';
export { connect, waitForDatabase, type WaitOptions } from './connect.js';
export { createDataSource, type DataSourceOptions } from './data-source.js';
export { DatabaseModule } from './database.module.js';
export { constraintOf, isConnectionLoss, isTransient, isUniqueViolation, sqlStateOf } from './errors.js';
export * from './limits.js';
export { migrate, roleOf, type MigrateOptions, type MigrationClass, type MigrationRole } from './migrate.js';
export { OUTBOX_POLL_MS, OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
export { query, rows, transaction, type TransactionOptions } from './transaction.js';
