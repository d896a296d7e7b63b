import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerBench } from '../ledger-bench.js';

const SAMPLE_EVERY_MS = 10;
const TICK_MS = 10;

/** What PostgreSQL was doing meanwhile. */
export interface Watched {
  /** Share of the samples of busy sessions, by what they waited for; `CPU` is none. */
  readonly waits: Readonly<Record<string, number>>;
  readonly walBytes: number;
  /** Processor time of the sessions, which a busy machine disturbs less than it does the rates; null where there is no /proc. */
  readonly cpuMs: number | null;
  /** Of the updates since the start, how many left the indexes alone; by table. */
  readonly hotUpdates: Readonly<Record<string, string>>;
}

const BUSY = `
  SELECT coalesce(wait_event_type || ' ' || wait_event, 'CPU') AS doing FROM pg_stat_activity
  WHERE application_name LIKE 'ledger%' AND state = 'active'`;
const HOT = `
  SELECT relname, n_tup_upd AS updated, n_tup_hot_upd AS hot FROM pg_stat_user_tables
  WHERE schemaname = 'ledger' AND n_tup_upd > 0 ORDER BY n_tup_upd DESC`;

/** Runs the work and samples the sessions of the ledger while it runs. */
export async function watched<T>(bench: LedgerBench, work: () => Promise<T>): Promise<{ result: T; watched: Watched }> {
  const client = new Client({ connectionString: bench.ownerUrl, application_name: 'watch' });
  await client.connect();
  const position = async () => (await client.query<{ at: string }>('SELECT pg_current_wal_lsn() AS at')).rows[0]!.at;
  const before = await position();
  const cpuBefore = await cpuOf(client);
  const counts = new Map<string, number>();
  const over = new AbortController();
  const sampling = (async () => {
    while (!over.signal.aborted) {
      const { rows } = await client.query<{ doing: string }>(BUSY);
      for (const { doing } of rows) counts.set(doing, (counts.get(doing) ?? 0) + 1);
      await sleep(SAMPLE_EVERY_MS);
    }
  })();
  try {
    const result = await work();
    over.abort();
    await sampling;
    const { rows } = await client.query<{ bytes: string }>('SELECT pg_current_wal_lsn() - $1::pg_lsn AS bytes', [
      before,
    ]);
    const hot = await client.query<{ relname: string; updated: string; hot: string }>(HOT);
    const cpuAfter = await cpuOf(client);
    const samples = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return {
      result,
      watched: {
        waits: Object.fromEntries(
          [...counts]
            .toSorted((a, b) => b[1] - a[1])
            .slice(0, 5)
            .map(([doing, count]) => [doing, Math.round((count * 100) / samples)]),
        ),
        walBytes: Number(rows[0]!.bytes),
        cpuMs: spentBetween(cpuBefore, cpuAfter),
        hotUpdates: Object.fromEntries(hot.rows.map((row) => [row.relname, `${row.hot}/${row.updated}`])),
      },
    };
  } finally {
    over.abort();
    await sampling.catch(() => undefined);
    await client.end();
  }
}

type Sessions = ReadonlyMap<number, number>;

/** Processor milliseconds of each session of the ledger since it began. */
async function cpuOf(client: Client): Promise<Sessions | null> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'ledger%'`,
  );
  try {
    return new Map(
      rows.map(({ pid }) => {
        // After the name, which may hold anything: fields 14 and 15 are the ticks in user and in kernel mode.
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
        return [pid, (Number(fields[11]) + Number(fields[12])) * TICK_MS];
      }),
    );
  } catch {
    return null;
  }
}

/** Of the sessions that are there in the end; what a session did that ended meanwhile is not counted. */
const spentBetween = (before: Sessions | null, after: Sessions | null): number | null =>
  before && after && [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
