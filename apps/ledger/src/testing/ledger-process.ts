import { connectBus, ensureTopology, type Bus } from '@switchyard/bus';
import {
  freePort,
  ServerProcess,
  startNatsServer,
  startPostgres,
  waitUntil,
  type TestNats,
  type TestPostgres,
} from '@switchyard/testing';
import path from 'node:path';
import { Client } from 'pg';
import { TICKET_SECRET } from './builders.js';
import { auditAfterEveryTest, type Books } from './running-books.js';

const DIST = path.resolve(import.meta.dirname, '../../dist');

/** The ledger as a process of its own, between a real PostgreSQL and a real nats-server. */
export interface LedgerProcess {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly ownerUrl: string;
  readonly port: number;
  /** Until it is ready. */
  start(settings?: Record<string, string>): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; log: string }>;
  /** Runs a command of the service to its end. */
  command(name: 'migrate' | 'audit-command', ...args: string[]): Promise<{ code: number | null; log: string }>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export async function createLedgerProcess(settings: Record<string, string>): Promise<LedgerProcess> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNatsServer()]);
  await ensureTopology(nats.url);
  const bus = await connectBus({ servers: nats.url, name: 'edge' });
  const ownerUrl = await postgres.createDatabase('ledger_test');
  const serviceUrl = new URL(ownerUrl);
  serviceUrl.username = 'ledger_app';
  serviceUrl.password = 'ledger-password';
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: serviceUrl.toString(),
    MIGRATION_DATABASE_URL: ownerUrl,
    NATS_URL: nats.url,
    HTTP_PORT: String(port),
    TICKET_SECRET,
    ...settings,
  };
  const spawn = (name: string, more: Record<string, string> = {}, args: readonly string[] = []) =>
    new ServerProcess(process.execPath, [path.join(DIST, `${name}.js`), ...args], { env: { ...env, ...more } });
  let service: ServerProcess | null = null;
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      (response) => response.ok,
      () => false,
    );

  const stopAuditing = auditAfterEveryTest(booksOf(ownerUrl));

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const stopping = service;
    service = null;
    if (!stopping) return { code: null, log: '' };
    stopping.signal(signal);
    const { code } = await stopping.exited;
    return { code, log: stopping.log };
  };

  return {
    postgres,
    nats,
    bus,
    ownerUrl,
    port,
    async start(more) {
      const started = spawn('main', more);
      service = started;
      await waitUntil(
        async () => {
          if (!started.running) throw new Error(`the ledger ended: ${started.log.slice(-2_000)}`);
          return isReady();
        },
        { what: 'the ledger is ready', timeoutMs: 20_000, intervalMs: 50 },
      );
    },
    stop,
    async command(name, ...args) {
      const command = spawn(name, {}, args);
      const { code } = await command.exited;
      return { code, log: command.log };
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    async close() {
      stopAuditing();
      await stop('SIGKILL');
      await bus.close();
      await Promise.all([postgres.stop(), nats.stop()]);
    },
  };
}

/** Nothing can be wrong with books that no migration has made yet. */
function booksOf(ownerUrl: string): Books {
  return {
    async violations() {
      const client = new Client({ connectionString: ownerUrl, options: '-c search_path=ledger' });
      await client.connect();
      try {
        const { rows } = await client.query<{ made: boolean }>(
          `SELECT to_regclass('ledger.audit') IS NOT NULL AS made`,
        );
        if (!rows[0]?.made) return [];
        const audit = await client.query<{ invariant: string; count: string }>(
          'SELECT * FROM ledger.audit WHERE count > 0',
        );
        return audit.rows.map(({ invariant, count }) => ({ invariant, count: Number(count) }));
      } finally {
        await client.end();
      }
    },
  };
}
