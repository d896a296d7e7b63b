import { connect, createDataSource } from '@switchyard/database';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { LEDGER_SCHEMA } from '../migrations/index.js';
import { fundAccount } from '../testing/accounts.js';
import { grantRequest, incoming, TTL_MS, usageEvent, type GrantRequest } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { UsageRepository } from '../usage/usage.repository.js';
import { LeasesRepository } from './leases.repository.js';
import { RecallsRepository } from './recalls.repository.js';

const EDGES = 4;
const LEASES = 8;
const ROUNDS = 25;
const DEPOSIT = 2_000_000n;
const SHARE = 4_000n;

/** A lease as its edge sees it. */
interface Lent {
  readonly request: GrantRequest;
  granted: bigint;
  charged: bigint;
  returned: bigint;
}

const roomOf = ({ granted, charged, returned }: Lent): bigint => granted - charged - returned;
const random = (below: number): number => Math.floor(Math.random() * below);

describe('returns of credit among grants, usage and top-ups', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  /** One life of an edge: uses what it has, gives back what it is asked for, borrows again. Answers what it used. */
  const runEdge = async (accounts: readonly string[], scopes: readonly string[], number: number): Promise<bigint> => {
    const dataSource = await connect(
      createDataSource({
        url: bench.serviceUrl,
        schema: LEDGER_SCHEMA,
        entities: [],
        poolSize: 4,
        applicationName: `edge-${number}`,
      }),
    );
    const ledger = new LedgerRepository(dataSource);
    const [leases, recalls, usage] = [
      new LeasesRepository(ledger),
      new RecallsRepository(ledger),
      new UsageRepository(dataSource),
    ];
    const [edgeId, edgeEpoch] = [`edge-${number}`, randomUUID()];
    const lent: Lent[] = [];
    try {
      for (let index = 0; index < LEASES; index += 1) {
        const budgets = scopes
          .filter((_, at) => (index >> at) % 2 === 0)
          .map((scopeId) => ({ scopeId, kind: 'user' as const, interval: 'daily' as const, capNanos: DEPOSIT }));
        const accountId = accounts[index % accounts.length]!;
        const request = grantRequest({ accountId, edgeId, edgeEpoch, minNanos: SHARE, wantNanos: SHARE, budgets });
        expect((await leases.grant(request, TTL_MS)).outcome).toBe('granted');
        lent.push({ request, granted: SHARE, charged: 0n, returned: 0n });
      }
      let used = 0n;
      for (let round = 0; round < ROUNDS; round += 1) {
        const spent = lent.map((lease) => {
          const room = roomOf(lease);
          const cost = room > 0n ? BigInt(random(Number(room / 2n) + 1)) : 0n;
          lease.charged += cost;
          used += cost;
          return incoming(usageEvent(lease.request, cost));
        });
        const given = lent.filter(() => random(2) === 0);
        for (const lease of given) lease.returned += roomOf(lease) / 2n;
        const told = given.map(({ request, returned }) => ({ leaseId: request.leaseId, returnedNanos: returned }));
        const answer = { edgeId, edgeEpoch, recallId: null, leases: told };
        const poorest = lent.toSorted((left, right) => Number(roomOf(left) - roomOf(right)))[0]!;
        const { returned } = poorest;
        const topUp = { ...poorest.request, topUpId: randomUUID(), roomNanos: 0n, returnedNanos: returned };
        const [, , , reply] = await Promise.all([
          usage.apply(spent),
          recalls.return(answer),
          // Told twice, and in another order.
          recalls.return({ ...answer, leases: told.toReversed() }),
          leases.topUp({ ...topUp, wantNanos: 700n, minNanos: 700n }),
        ]);
        if (reply?.outcome === 'granted') poorest.granted = reply.grantedNanos;
      }
      for (const { request } of lent) await leases.close({ ...request, keepNanos: 0n });
      return used;
    } finally {
      await dataSource.destroy();
    }
  };

  it('end without a deadlock, with every nano-dollar where it belongs', async () => {
    const accounts = [await fundAccount(bench, DEPOSIT), await fundAccount(bench, DEPOSIT)];
    const scopes = [randomUUID(), randomUUID(), randomUUID()];
    const used = await Promise.all(Array.from({ length: EDGES }, (_, edge) => runEdge(accounts, scopes, edge)));
    const balances = await Promise.all(accounts.map((accountId) => bench.accounts.balance(accountId)));
    expect(balances.reduce((sum, balance) => sum + balance!.spentNanos, 0n)).toBe(used.reduce((a, b) => a + b, 0n));
    expect(balances.map((balance) => balance!.leasedNanos)).toEqual([0n, 0n]);
    // No charge fell on the house or the account: nothing was ever given back that a request had.
    const [late] = await bench.asOwner('SELECT count(*) AS count FROM transfer WHERE code IN (3, 4)');
    expect(late).toEqual({ count: '0' });
    await expect(bench.audit.violations()).resolves.toEqual([]);
    const [row] = await bench.asOwner('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(row).toEqual({ deadlocks: '0' });
  }, 60_000);
});
