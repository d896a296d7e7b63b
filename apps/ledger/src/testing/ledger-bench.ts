import { connect, createDataSource, migrate, query, roleOf } from '@switchyard/database';
import { startPostgres, type TestPostgres } from '@switchyard/testing';
import { Pool } from 'pg';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { LedgerRepository } from '../database/ledger.repository.js';
import { DepositsRepository } from '../deposits/deposits.repository.js';
import { GenerationsRepository } from '../generations/generations.repository.js';
import { KeySpendRepository } from '../keys/key-spend.repository.js';
import { LeasesRepository } from '../leases/leases.repository.js';
import { LEDGER_SCHEMA, ledgerFunctions, migrations } from '../migrations/index.js';
import { UsageRepository } from '../usage/usage.repository.js';
import { auditAfterEveryTest } from './running-books.js';

/** The ledger's repositories as the service's role on a real PostgreSQL of its own. */
export interface LedgerBench {
  readonly postgres: TestPostgres;
  readonly serviceUrl: string;
  readonly ownerUrl: string;
  readonly dataSource: Awaited<ReturnType<typeof connect>>;
  readonly accounts: AccountsRepository;
  readonly deposits: DepositsRepository;
  readonly leases: LeasesRepository;
  readonly usage: UsageRepository;
  readonly generations: GenerationsRepository;
  readonly keySpend: KeySpendRepository;
  readonly audit: AuditRepository;
  /** Runs SQL as the owner, who may do everything. */
  asOwner(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Rows of a query as the service's role. */
  asService<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Stops the ledger's clock at this moment; null lets it run again. */
  setClock(at: Date | null): Promise<void>;
  stop(): Promise<void>;
}

const FROZEN_CLOCK = `
  CREATE TABLE IF NOT EXISTS ledger.frozen_clock (at timestamptz);
  CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER AS
    $$ SELECT coalesce((SELECT at FROM ledger.frozen_clock), clock_timestamp()) $$;`;

let databases = 0;

/** On a server of its own, or in a database of its own on the server that is given, which is then not stopped with it. */
export async function startLedgerBench({
  poolSize = 10,
  durable = false,
  server,
}: { poolSize?: number; durable?: boolean; server?: TestPostgres } = {}): Promise<LedgerBench> {
  const postgres = server ?? (await startPostgres({ durable }));
  databases += 1;
  const ownerUrl = await postgres.createDatabase(`ledger_test_${databases}`);
  const url = new URL(ownerUrl);
  url.username = 'ledger_app';
  url.password = 'ledger-password';
  const serviceUrl = url.toString();
  await migrate({
    url: ownerUrl,
    schema: LEDGER_SCHEMA,
    migrations,
    role: { ...roleOf(serviceUrl), tables: 'read', functions: ledgerFunctions },
  });
  const owner = new Pool({ connectionString: ownerUrl, options: '-c search_path=ledger', max: 2 });
  // A crash of PostgreSQL is part of some tests.
  owner.on('error', () => undefined);
  const asOwner = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await owner.query<Record<string, unknown>>(sql, values)).rows;
  await asOwner(FROZEN_CLOCK);
  const dataSource = await connect(
    createDataSource({ url: serviceUrl, schema: LEDGER_SCHEMA, entities: [], poolSize, applicationName: 'ledger' }),
  );
  const ledger = new LedgerRepository(dataSource);
  const audit = new AuditRepository(dataSource);
  const stopAuditing = auditAfterEveryTest(audit);
  return {
    postgres,
    serviceUrl,
    ownerUrl,
    dataSource,
    accounts: new AccountsRepository(ledger),
    deposits: new DepositsRepository(ledger),
    leases: new LeasesRepository(ledger),
    usage: new UsageRepository(dataSource),
    generations: new GenerationsRepository(ledger),
    keySpend: new KeySpendRepository(ledger),
    audit,
    asOwner,
    asService: (sql, values = []) => query(dataSource, { idempotent: true }, sql, values),
    async setClock(at) {
      await asOwner('DELETE FROM frozen_clock');
      if (at) await asOwner('INSERT INTO frozen_clock VALUES ($1)', [at]);
    },
    async stop() {
      stopAuditing();
      await dataSource.destroy();
      await owner.end();
      if (!server) await postgres.stop();
    },
  };
}
