import type { BudgetScope } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { GRACE_MS, grantRequest, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

describe('the invariants of lending', () => {
  let bench: LedgerBench;
  const fundedAccount = (amountNanos: bigint) => fundAccount(bench, amountNanos);
  const lend = (accountId: string, amountNanos: bigint, budgets: readonly BudgetScope[] = []) =>
    askForLease(bench, accountId, amountNanos, budgets);
  const budgetOf = async (scopeId: string) =>
    bench.asService<{ cap: string; reserved: string; spent: string; forced: string }>(
      'SELECT cap, reserved, spent, forced FROM budget WHERE scope_id = $1 ORDER BY window_start',
      [scopeId],
    );

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  // I15: the audit is empty after every test.
  afterEach(async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
    await bench.setClock(null);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('I7: reserved and spent stay under the cap, and late spending beyond it is counted apart', async () => {
    const accountId = await fundedAccount(100_000n);
    const scopeId = randomUUID();
    const budgets = [{ scopeId, kind: 'key' as const, interval: 'total' as const, capNanos: 1_000n }];
    const { request } = await lend(accountId, 900n, budgets);
    const { reply: refused } = await lend(accountId, 200n, budgets);
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'budget_exhausted', availableNanos: 100n, scopeId });
    await bench.usage.apply([incoming(usageEvent(request, 1_500n))]);
    await expect(budgetOf(scopeId)).resolves.toEqual([{ cap: '1000', reserved: '0', spent: '1000', forced: '500' }]);
  });

  it('I7: at midnight UTC a new window starts at zero and no lease reaches into it', async () => {
    const accountId = await fundedAccount(100_000n);
    const scopeId = randomUUID();
    const budgets = [{ scopeId, kind: 'key' as const, interval: 'daily' as const, capNanos: 1_000n }];
    await bench.setClock(new Date('2026-11-22T23:59:50Z'));
    const { request, reply } = await lend(accountId, 1_000n, budgets);
    expect(reply).toMatchObject({ outcome: 'granted', ttlMs: 10_000 });
    await bench.setClock(new Date('2026-11-23T00:00:00Z'));
    await expect(
      bench.leases.topUp({ ...request, topUpId: randomUUID(), wantNanos: 0n, minNanos: 0n }),
    ).resolves.toBeNull();
    await expect(lend(accountId, 1_000n, budgets)).resolves.toMatchObject({ reply: { outcome: 'granted' } });
    await bench.usage.apply([incoming(usageEvent(request, 600n))]);
    expect(await budgetOf(scopeId)).toMatchObject([
      { reserved: '400', spent: '600' },
      { reserved: '1000', spent: '0' },
    ]);
    await bench.setClock(new Date('2026-11-23T12:00:00Z'));
    await expect(bench.keySpend.spendOf([request.keyId])).resolves.toMatchObject([
      { totalNanos: 600n, dailyNanos: 0n },
    ]);
  });

  it('I7: a cap that is lowered below what is spent refuses, and rises again', async () => {
    const accountId = await fundedAccount(100_000n);
    const scopeId = randomUUID();
    const budgets = (capNanos: bigint) => [{ scopeId, kind: 'key' as const, interval: 'monthly' as const, capNanos }];
    await lend(accountId, 900n, budgets(1_000n));
    const { reply } = await lend(accountId, 1n, budgets(100n));
    expect(reply).toMatchObject({ outcome: 'refused', reason: 'budget_exhausted', availableNanos: 0n });
    await expect(lend(accountId, 1n, budgets(901n))).resolves.toMatchObject({ reply: { outcome: 'granted' } });
  });

  it('I9: of many simultaneous requests with money for k exactly k are admitted', async () => {
    const accountId = await fundedAccount(7n * 1_000n + 999n);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        bench.leases.grant(
          grantRequest({ accountId, edgeId: `edge-${index % 4}`, minNanos: 1_000n, wantNanos: 1_000_000n }),
          TTL_MS,
        ),
      ),
    );
    const granted = replies.filter((reply) => reply.outcome === 'granted');
    expect(granted).toHaveLength(7);
    expect(granted.every((reply) => reply.grantedNanos === 1_000n)).toBe(true);
    expect(replies.find((reply) => reply.outcome === 'refused')).toMatchObject({
      reason: 'in_flight_budget_exhausted',
      availableNanos: 999n,
    });
  });

  it('I10: what a crashed edge had borrowed is free again after time and grace', async () => {
    const accountId = await fundedAccount(1_000n);
    await bench.setClock(new Date('2026-11-22T10:00:00Z'));
    const { request } = await lend(accountId, 1_000n);
    await bench.setClock(new Date('2026-11-22T10:01:29Z'));
    await expect(bench.leases.due(GRACE_MS, 500)).resolves.not.toContain(request.leaseId);
    await bench.setClock(new Date('2026-11-22T10:01:30Z'));
    await expect(bench.leases.due(GRACE_MS, 500)).resolves.toContain(request.leaseId);
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(true);
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(false);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 1_000n, leasedNanos: 0n });
    // Its usage comes late: from the user, then from the house.
    const late = await bench.usage.apply([incoming(usageEvent(request, 1_200n))]);
    expect(late).toMatchObject([{ status: 'applied', chargedNanos: 1_000n }]);
  });

  it('I10: a draining lease lives as long as its edge renews it, also past midnight, and gets no more money', async () => {
    const accountId = await fundedAccount(10_000n);
    await bench.setClock(new Date('2026-11-22T23:59:30Z'));
    const { request } = await lend(accountId, 1_000n);
    await bench.leases.close({ ...request, keepNanos: 600n });
    const topUp = { ...request, topUpId: randomUUID(), wantNanos: 0n, minNanos: 0n };
    await expect(bench.leases.topUp(topUp)).resolves.toMatchObject({ outcome: 'granted', ttlMs: TTL_MS });
    await expect(bench.leases.topUp({ ...topUp, wantNanos: 1n })).resolves.toBeNull();
    await bench.setClock(new Date('2026-11-23T00:00:29Z'));
    await expect(bench.leases.topUp(topUp)).resolves.toMatchObject({ outcome: 'granted', ttlMs: TTL_MS });
    await bench.setClock(new Date('2026-11-23T00:01:58Z'));
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(false);
    await bench.usage.apply([incoming(usageEvent(request, 600n))]);
    // Nothing is left that could be captured, so it need not wait for its time.
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(true);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 9_400n, leasedNanos: 0n });
  });
});
