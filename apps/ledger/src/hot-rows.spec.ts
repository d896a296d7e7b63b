import { connect, createDataSource } from '@switchyard/database';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerRepository } from './database/ledger.repository.js';
import { LeasesRepository } from './leases/leases.repository.js';
import { LEDGER_SCHEMA } from './migrations/index.js';
import { fundAccount } from './testing/accounts.js';
import { grantRequest, incoming, TTL_MS, usageEvent } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';
import { UsageRepository } from './usage/usage.repository.js';

const EDGES = 16;
const ROUNDS = 12;

/** What an edge and the stream do: come again until there is an answer. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code !== 'service_unavailable') throw error;
      await sleep(50);
    }
  }
}

describe('rows that everybody wants', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await startLedgerBench({ poolSize: 4 });
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  const budgets = [1, 2, 3, 4].map(() => ({
    scopeId: randomUUID(),
    kind: 'account' as const,
    interval: 'monthly' as const,
    capNanos: 1_000_000_000n,
  }));
  const connectEdge = (edge: number) =>
    connect(
      createDataSource({
        url: bench.serviceUrl,
        schema: LEDGER_SCHEMA,
        entities: [],
        poolSize: 2,
        applicationName: `edge-${edge}`,
      }),
    );

  /** Borrows, uses, tops up and gives back, on connections of its own; answers what it used. */
  const runEdge = async (accountId: string, edge: number, generation: () => string): Promise<bigint> => {
    const dataSource = await connectEdge(edge);
    const leases = new LeasesRepository(new LedgerRepository(dataSource));
    const usage = new UsageRepository(dataSource);
    let used = 0n;
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = grantRequest({ accountId, edgeId: `edge-${edge}`, minNanos: 900n, wantNanos: 900n, budgets });
        await persist(() => leases.grant(request, TTL_MS));
        const events = [100n, 200n, 300n].map((cost) =>
          incoming(usageEvent(request, cost, { generationId: generation() })),
        );
        const topUp = {
          ...request,
          topUpId: randomUUID(),
          minNanos: 50n,
          wantNanos: 50n,
          roomNanos: 0n,
          returnedNanos: 0n,
        };
        await Promise.all([
          persist(() => usage.apply([...events, ...events.toReversed()])),
          persist(() => leases.topUp(topUp)),
        ]);
        await persist(() => leases.close({ ...request, keepNanos: 0n }));
        used += 600n;
      }
      return used;
    } finally {
      await dataSource.destroy();
    }
  };
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
  const expectNoDeadlock = async () => {
    const [row] = await bench.asOwner('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(row).toEqual({ deadlocks: '0' });
  };
  const nowId = () => `gen-1763800000-${randomBytes(10).toString('hex')}`;

  it('one account and four budgets under sixteen edges are billed exactly, without a deadlock', async () => {
    const accountId = await fundAccount(bench, 10_000_000n);
    const used = await Promise.all(Array.from({ length: EDGES }, (_, edge) => runEdge(accountId, edge, nowId)));
    expect(sum(used)).toBe(BigInt(EDGES * ROUNDS) * 600n);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: sum(used), leasedNanos: 0n });
    await expect(
      bench.asService('SELECT DISTINCT reserved, spent, forced FROM budget WHERE scope_id = ANY ($1::uuid[])', [
        budgets.map(({ scopeId }) => scopeId),
      ]),
    ).resolves.toEqual([{ reserved: '0', spent: String(sum(used)), forced: '0' }]);
    await expectNoDeadlock();
  }, 90_000);

  it('months are opened, sealed and opened again under them, and nothing is lost', async () => {
    await bench.setClock(new Date('2026-04-10T12:00:00Z'));
    const accountId = await fundAccount(bench, 10_000_000n);
    const over = new AbortController();
    let sealed = 0;
    const keeper = (async () => {
      while (!over.signal.aborted) {
        const [row] = await bench.asService<{ month: string | null }>('SELECT seal_next_month()::text AS month');
        if (row!.month !== null) sealed += 1;
      }
    })();
    // Late usage for months that are over, some of which nobody has opened yet.
    const months = ['2025-12', '2026-01', '2026-02', '2026-03', '2026-04'];
    const late = () => {
      const month = months[Math.floor(Math.random() * months.length)]!;
      return `gen-${Date.parse(`${month}-05T00:00:00Z`) / 1_000}-${randomBytes(10).toString('hex')}`;
    };
    const used = await Promise.all(Array.from({ length: 4 }, (_, edge) => runEdge(accountId, edge, late))).finally(() =>
      over.abort(),
    );
    await keeper;
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: sum(used), leasedNanos: 0n });
    expect(sealed).toBeGreaterThan(1);
    await expect(bench.audit.violations({ full: true })).resolves.toEqual([]);
    await expectNoDeadlock();
  }, 90_000);
});
