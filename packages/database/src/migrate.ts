import { escapeLiteral } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { connect } from './connect.js';
import { assertName } from './data-source.js';
import { MIGRATION_LOCK_TIMEOUT_MS } from './limits.js';

export type MigrationClass = new () => MigrationInterface;

export interface MigrationRole {
  readonly name: string;
  readonly password: string;
  /** `write` (default): SELECT, INSERT, UPDATE, DELETE on all tables. `read`: SELECT alone. */
  readonly tables?: 'read' | 'write';
  /** Functions that the role may execute; every other function of the schema is closed to it. */
  readonly functions?: readonly string[];
}

export interface MigrateOptions {
  /** Url of the owner of the schema. */
  readonly url: string;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  /** The role of the running service. It owns nothing. */
  readonly role?: MigrationRole;
  /** How long to wait for PostgreSQL to be there. */
  readonly waitMs?: number;
}

const HISTORY_TABLE = 'migration_history';
const DEFAULT_WAIT_MS = 60_000;

/**
 * Creates the schema and the role with least rights and runs the migrations that are new; calling it again changes nothing.
 * Two callers at once run one after the other (advisory lock).
 * @returns names of the migrations that ran now.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const schema = assertName(options.schema);
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.url,
    schema,
    migrations: [...options.migrations],
    migrationsTableName: HISTORY_TABLE,
    migrationsTransactionMode: 'each',
    synchronize: false,
    installExtensions: false,
    logging: false,
    poolSize: 2,
    applicationName: `${schema}-migrate`,
    extra: { lock_timeout: MIGRATION_LOCK_TIMEOUT_MS, options: `-c search_path=${schema}` },
  });
  await connect(dataSource, { timeoutMs: options.waitMs ?? DEFAULT_WAIT_MS });
  const guard = dataSource.createQueryRunner();
  try {
    // One lock for all schemas, because roles and default privileges are shared. It waits as long as the other migration takes.
    await guard.query('SET lock_timeout = 0');
    await guard.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', ['switchyard:migrate']);
    await guard.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    // Only the form without a schema withholds from PUBLIC what it has by default.
    await guard.query('ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC');
    if (options.role) await ensureRole((sql, values) => guard.query(sql, values), options.role);
    const executed = await dataSource.runMigrations();
    if (options.role) {
      // One transaction, so that a service that runs meanwhile never sees itself without rights.
      await guard.startTransaction();
      await grantRights((sql) => guard.query(sql), schema, options.role);
      await guard.commitTransaction();
    }
    return executed.map((migration) => migration.name);
  } finally {
    // Ends the session and with it the advisory lock.
    await guard.release();
    await dataSource.destroy();
  }
}

/** Role and password out of a service's DATABASE_URL. */
export function roleOf(databaseUrl: string): { name: string; password: string } {
  const url = new URL(databaseUrl);
  return { name: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

type Run = (sql: string, values?: unknown[]) => Promise<unknown>;

async function ensureRole(run: Run, role: MigrationRole): Promise<void> {
  const name = assertName(role.name);
  const [found] = (await run(
    'SELECT rolsuper OR rolcreaterole OR rolcreatedb AS strong, rolname = current_user AS self FROM pg_roles WHERE rolname = $1',
    [name],
  )) as { strong: boolean; self: boolean }[];
  // Giving a service the owner's role would silently switch off every right that the schema withholds from it.
  if (found?.self || found?.strong) throw new Error(`the role ${name} is too strong for a service`);
  const password = escapeLiteral(role.password);
  await run(`${found ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN PASSWORD ${password}`).catch(
    // The driver's error quotes the statement, and with it the password, so that it is not even the cause.
    ({ code, message }: { readonly code?: string; readonly message?: string }) => {
      const reason = `${code ?? 'no code'}: ${message?.replaceAll(role.password, '***')}`;
      throw new Error(
        `the role ${name} cannot be ${found ? 'changed' : 'made'} (${reason}); migrations need a user that may create roles`,
      );
    },
  );
}

async function grantRights(run: Run, schema: string, role: MigrationRole): Promise<void> {
  const { name } = role;
  const rights = role.tables === 'read' ? 'SELECT' : 'SELECT, INSERT, UPDATE, DELETE';
  await run(`REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`);
  await run(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`);
  await run(`REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`);
  await run(`GRANT ${rights} ON ALL TABLES IN SCHEMA ${schema} TO ${name}`);
  await run(`REVOKE ALL ON ${schema}.${HISTORY_TABLE} FROM ${name}`);
  if (role.tables !== 'read') await run(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name}`);
  await run(`REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC, ${name}`);
  for (const fn of role.functions ?? []) await run(`GRANT EXECUTE ON FUNCTION ${schema}.${assertName(fn)} TO ${name}`);
}
