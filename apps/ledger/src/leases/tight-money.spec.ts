import { randomUUID } from 'node:crypto';
import { fundAccount } from '../testing/accounts.js';
import { grantRequest, GRACE_MS, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

const CENT = 10_000_000n;

describe('lending', () => {
  let bench: LedgerBench;

  const ask = (accountId: string, edgeId: string, minNanos = 1_000n) =>
    bench.leases.grant(grantRequest({ accountId, edgeId, minNanos, wantNanos: CENT }), TTL_MS, CENT);

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  // I15: the audit is empty after every test.
  afterEach(async () => {
    await bench.setClock(null);
    await expect(bench.audit.violations()).resolves.toEqual([]);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('gives at most a tenth of what there is where there is enough', async () => {
    const accountId = await fundAccount(bench, 100n * CENT);
    await expect(ask(accountId, 'edge-1')).resolves.toMatchObject({ grantedNanos: CENT });
    const poorer = await fundAccount(bench, 5n * CENT);
    await expect(ask(poorer, 'edge-1')).resolves.toMatchObject({ grantedNanos: CENT / 2n });
  });

  it('gives exactly what one request needs when there is less than a cent for each edge and one more', async () => {
    const accountId = await fundAccount(bench, 3n * CENT + 2_000n);
    for (const edge of ['edge-1', 'edge-2']) await ask(accountId, edge);
    // Two edges have leases, and somewhat less than three cents are left.
    const tight = grantRequest({ accountId, edgeId: 'edge-3', minNanos: 1_234n, wantNanos: CENT });
    await expect(bench.leases.grant(tight, TTL_MS, CENT)).resolves.toMatchObject({ grantedNanos: 1_234n });
    const topUp = { ...tight, topUpId: randomUUID(), wantNanos: CENT };
    await expect(bench.leases.topUp({ ...topUp, minNanos: 10n }, CENT)).resolves.toMatchObject({
      grantedNanos: 1_244n,
    });
    // What is asked for ahead of need gets nothing, and keeps the lease alive.
    const ahead = { ...topUp, topUpId: randomUUID(), minNanos: 0n };
    await expect(bench.leases.topUp(ahead, CENT)).resolves.toMatchObject({ outcome: 'granted', grantedNanos: 1_244n });
  });

  it('spends the last nano-dollar', async () => {
    const accountId = await fundAccount(bench, 3_000n);
    for (const edge of ['edge-1', 'edge-2', 'edge-3'])
      await expect(ask(accountId, edge)).resolves.toMatchObject({ grantedNanos: 1_000n });
    await expect(ask(accountId, 'edge-4', 1n)).resolves.toMatchObject({ reason: 'in_flight_budget_exhausted' });
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 0n, leasedNanos: 3_000n });
  });

  it('loses nothing when the clock of the database jumps a day ahead: leases end early, late usage is paid once', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    const request = grantRequest({ accountId, minNanos: 4_000n, wantNanos: 4_000n });
    const now = new Date('2026-11-22T10:00:00Z');
    await bench.setClock(now);
    await bench.leases.grant(request, TTL_MS);
    await bench.setClock(new Date(now.getTime() + 86_400_000));
    await bench.leases.expire(request.leaseId, GRACE_MS);
    await bench.setClock(now);
    const told = incoming(usageEvent(request, 3_000n));
    await expect(bench.usage.apply([told])).resolves.toMatchObject([{ status: 'applied', chargedNanos: 3_000n }]);
    await expect(bench.usage.apply([told])).resolves.toMatchObject([{ status: 'duplicate' }]);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 7_000n, leasedNanos: 0n });
  });

  it('loses nothing when the clock of the database jumps a day back: leases live on, and end when it is right again', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    const request = grantRequest({ accountId, minNanos: 4_000n, wantNanos: 4_000n });
    const now = new Date('2026-11-22T10:00:00Z');
    await bench.setClock(now);
    await bench.leases.grant(request, TTL_MS);
    await bench.setClock(new Date(now.getTime() - 86_400_000));
    const renewal = { ...request, topUpId: randomUUID(), wantNanos: 0n, minNanos: 0n };
    await expect(bench.leases.topUp(renewal)).resolves.toMatchObject({ grantedNanos: 4_000n, ttlMs: TTL_MS });
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(false);
    await expect(ask(accountId, 'edge-2', 6_001n)).resolves.toMatchObject({ outcome: 'refused' });
    await bench.setClock(new Date(now.getTime() + TTL_MS + GRACE_MS));
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(true);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 10_000n });
  });
});
