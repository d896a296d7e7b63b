import { connect, createDataSource } from '@switchyard/database';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerRepository } from './database/ledger.repository.js';
import { LeasesRepository } from './leases/leases.repository.js';
import { LEDGER_SCHEMA } from './migrations/index.js';
import { grantRequest, incoming, TTL_MS, usageEvent, type GrantRequest } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';
import { UsageRepository, type Incoming } from './usage/usage.repository.js';

const EDGES = 4;
const LEASES_PER_EDGE = 12;
const ROUNDS = 15;
const DEPOSIT = 10_000_000_000n;

describe('the ledger under concurrent edges', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  /** Accounts that share budgets, so that every kind of lock is fought over. */
  const openTown = async () => {
    const accounts = [randomUUID(), randomUUID()];
    for (const accountId of accounts) {
      await bench.accounts.open(accountId);
      await bench.deposits.create({
        accountId,
        amountNanos: DEPOSIT,
        source: 'town',
        externalId: accountId,
        note: null,
      });
    }
    const budgets = [1, 2, 3].map(() => ({
      scopeId: randomUUID(),
      kind: 'key' as const,
      interval: 'monthly' as const,
      capNanos: DEPOSIT * 2n,
    }));
    return { accounts, keys: [randomUUID(), randomUUID(), randomUUID()], budgets };
  };

  /** One edge with connections of its own: borrows, uses, delivers twice and out of order, returns. Answers what it used. */
  const runEdge = async (town: Awaited<ReturnType<typeof openTown>>, edge: number): Promise<Incoming[]> => {
    const dataSource = await connect(
      createDataSource({
        url: bench.serviceUrl,
        schema: LEDGER_SCHEMA,
        entities: [],
        poolSize: 4,
        applicationName: `edge-${edge}`,
      }),
    );
    const leases = new LeasesRepository(new LedgerRepository(dataSource));
    const usage = new UsageRepository(dataSource);
    const all: Incoming[] = [];
    const persist = untilAvailable;
    try {
      const grants: GrantRequest[] = await Promise.all(
        Array.from({ length: LEASES_PER_EDGE }, async (_, index) => {
          const request = grantRequest({
            accountId: town.accounts[index % 2]!,
            keyId: town.keys[index % 3]!,
            edgeId: `edge-${edge}`,
            minNanos: 3_000n,
            wantNanos: 3_000n,
            budgets: shuffled(town.budgets).slice(0, 1 + (index % 3)),
          });
          await persist(() => leases.grant(request, TTL_MS));
          return request;
        }),
      );
      for (let round = 0; round < ROUNDS; round += 1) {
        const events = grants.map((grant) => incoming(usageEvent(grant, BigInt(1 + Math.floor(Math.random() * 400)))));
        all.push(...events);
        const again = shuffled(all).slice(0, 10);
        await Promise.all([
          persist(() => usage.apply(shuffled([...events, ...again]))),
          persist(() => usage.apply(shuffled([...events, ...again]))),
          ...shuffled(grants)
            .slice(0, 3)
            .map((grant) => {
              const topUp = { ...grant, topUpId: randomUUID(), wantNanos: 500n, minNanos: 500n };
              return persist(() => leases.topUp(topUp));
            }),
        ]);
        // Leases are given back while usage of them is still to come.
        const returned = grants[round % grants.length]!;
        if (round > ROUNDS / 2) await persist(() => leases.close({ ...returned, keepNanos: 0n }));
      }
      await persist(() => usage.apply(shuffled(all)));
      for (const grant of grants) await persist(() => leases.close({ ...grant, keepNanos: 0n }));
      return all;
    } finally {
      await dataSource.destroy();
    }
  };

  const expectExact = async (town: Awaited<ReturnType<typeof openTown>>, used: readonly Incoming[]) => {
    const expected = used.reduce((sum, { usage }) => sum + (usage.event?.costNanos ?? 0n), 0n);
    const balances = await Promise.all(town.accounts.map((accountId) => bench.accounts.balance(accountId)));
    expect(balances.reduce((sum, balance) => sum + balance!.spentNanos, 0n)).toBe(expected);
    expect(balances.map((balance) => balance!.leasedNanos)).toEqual([0n, 0n]);
    expect(used.length).toBe(EDGES * LEASES_PER_EDGE * ROUNDS);
    await expect(bench.audit.violations()).resolves.toEqual([]);
  };

  it('bills exactly what was used, without a deadlock', async () => {
    const town = await openTown();
    const used = await Promise.all(Array.from({ length: EDGES }, (_, edge) => runEdge(town, edge)));
    await expectExact(town, used.flat());
    // The connections of the edges are closed, so their statistics are there.
    const [row] = await bench.asOwner('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(row).toEqual({ deadlocks: '0' });
  }, 60_000);

  it('bills exactly what was used when PostgreSQL is killed in the middle', async () => {
    const town = await openTown();
    let finished = false;
    const running = Promise.all(Array.from({ length: EDGES }, (_, edge) => runEdge(town, edge))).finally(() => {
      finished = true;
    });
    await sleep(400);
    expect(finished).toBe(false);
    await bench.postgres.kill9();
    await sleep(200);
    await bench.postgres.restart();
    await expectExact(town, (await running).flat());
  }, 90_000);
});

/** What an edge and the stream do: come again until there is an answer. */
async function untilAvailable<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code !== 'service_unavailable') throw error;
      await sleep(100);
    }
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [copy[at], copy[other]] = [copy[other]!, copy[at]!];
  }
  return copy;
}
