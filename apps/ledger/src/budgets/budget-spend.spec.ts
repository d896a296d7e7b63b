import { randomUUID } from 'node:crypto';
import type { BudgetScope } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';
import { fundAccount } from '../testing/accounts.js';
import { grantRequest, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { BudgetSpendRepository } from './budget-spend.repository.js';

describe('what was spent under budgets', () => {
  let bench: LedgerBench;
  let spend: BudgetSpendRepository;

  beforeAll(async () => {
    bench = await startLedgerBench();
    spend = new BudgetSpendRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);
  afterEach(async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
  });
  afterAll(async () => {
    await bench?.stop();
  });

  const lend = async (accountId: string, amountNanos: bigint, budgets: BudgetScope[], keyId: string = randomUUID()) => {
    const request = grantRequest({ accountId, keyId, minNanos: amountNanos, wantNanos: amountNanos, budgets });
    return { request, reply: await bench.leases.grant(request, TTL_MS) };
  };

  it('is of the current windows, in the order asked, with when they start again', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    const workspace = randomUUID();
    const scope = (interval: BudgetScope['interval'], capNanos: bigint): BudgetScope => ({
      scopeId: workspace,
      kind: 'workspace',
      interval,
      capNanos,
    });
    await bench.setClock(new Date('2026-11-22T23:00:00Z'));
    const { request } = await lend(accountId, 700n, [
      scope('daily', 1_000n),
      scope('monthly', 5_000n),
      scope('total', 9_000n),
    ]);
    await bench.usage.apply([incoming(usageEvent(request, 300n))]);
    const asked = (['total', 'monthly', 'daily', 'weekly'] as const).map((interval) => ({
      scopeId: workspace,
      interval,
    }));
    await expect(spend.spendOf(asked)).resolves.toEqual([
      { ...asked[0], spentNanos: 300n, reservedNanos: 400n, resetsAt: null },
      { ...asked[1], spentNanos: 300n, reservedNanos: 400n, resetsAt: '2026-12-01T00:00:00.000Z' },
      { ...asked[2], spentNanos: 300n, reservedNanos: 400n, resetsAt: '2026-11-23T00:00:00.000Z' },
      { ...asked[3], spentNanos: 0n, reservedNanos: 0n, resetsAt: '2026-11-23T00:00:00.000Z' },
    ]);
    await bench.setClock(new Date('2026-11-23T00:00:00Z'));
    await expect(spend.spendOf(asked.slice(2))).resolves.toMatchObject([
      { spentNanos: 0n, resetsAt: '2026-11-24T00:00:00.000Z' },
      { spentNanos: 0n, resetsAt: '2026-11-30T00:00:00.000Z' },
    ]);
    await expect(spend.spendOf([])).resolves.toEqual([]);
  });

  it('counts what the keys of a budget spent in the window before it was set, and while it was not', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const [one, other, stranger] = [randomUUID(), randomUUID(), randomUUID()];
    const scope: BudgetScope = { scopeId: randomUUID(), kind: 'workspace', interval: 'monthly', capNanos: 5_000n };
    const spendBy = async (keyId: string, nanos: bigint, budgets: BudgetScope[] = []) => {
      const { request } = await lend(accountId, nanos, budgets, keyId);
      await bench.usage.apply([incoming(usageEvent(request, nanos))]);
    };
    await bench.setClock(new Date('2026-10-31T10:00:00Z'));
    await spendBy(one, 900n);
    await bench.setClock(new Date('2026-11-22T10:00:00Z'));
    await spendBy(one, 1_000n);
    await spendBy(other, 500n);
    await spendBy(stranger, 7_000n);
    const open = (capNanos: bigint) => spend.open({ ...scope, capNanos, keyIds: [one, other] });
    await expect(open(5_000n)).resolves.toBe(1_500n);
    await expect(open(5_000n)).resolves.toBe(1_500n);
    await spendBy(one, 300n, [scope]);
    // The budget is deleted, spending goes on, and it is set again.
    await spendBy(other, 200n);
    await expect(open(4_000n)).resolves.toBe(2_000n);
    await expect(spend.spendOf([scope])).resolves.toMatchObject([{ spentNanos: 2_000n, reservedNanos: 0n }]);
    await expect(lend(accountId, 2_001n, [{ ...scope, capNanos: 4_000n }], one)).resolves.toMatchObject({
      reply: { outcome: 'refused', reason: 'budget_exhausted', availableNanos: 2_000n },
    });
    await expect(open(1_000n)).resolves.toBe(2_000n);
    await bench.setClock(new Date('2026-12-01T00:00:00Z'));
    await expect(open(1_000n)).resolves.toBe(0n);
  });

  it('counts for a limit of a key what the key spent in the window before the limit was set', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const keyId = randomUUID();
    await bench.setClock(new Date('2026-11-20T10:00:00Z'));
    const first = await lend(accountId, 5_000n, [], keyId);
    await bench.usage.apply([incoming(usageEvent(first.request, 2_000n))]);
    await bench.setClock(new Date('2026-11-22T10:00:00Z'));
    const second = await lend(accountId, 5_000n, [], keyId);
    await bench.usage.apply([incoming(usageEvent(second.request, 600n))]);
    const limit = (interval: BudgetScope['interval'], capNanos: bigint): BudgetScope[] => [
      { scopeId: keyId, kind: 'key', interval, capNanos },
    ];
    await expect(lend(accountId, 401n, limit('daily', 1_000n), keyId)).resolves.toMatchObject({
      reply: { outcome: 'refused', reason: 'budget_exhausted', availableNanos: 400n },
    });
    await expect(lend(accountId, 401n, limit('weekly', 3_000n), keyId)).resolves.toMatchObject({
      reply: { outcome: 'refused', reason: 'budget_exhausted', availableNanos: 400n },
    });
    await expect(lend(accountId, 1n, limit('total', 2_600n), keyId)).resolves.toMatchObject({
      reply: { outcome: 'refused', availableNanos: 0n },
    });
    // A limit below what is spent already is exceeded, and nothing else.
    await expect(lend(accountId, 1n, limit('monthly', 100n), keyId)).resolves.toMatchObject({
      reply: { outcome: 'refused', availableNanos: 0n },
    });
    await expect(lend(accountId, 400n, limit('daily', 1_000n), keyId)).resolves.toMatchObject({
      reply: { outcome: 'granted' },
    });
  });
});
