import { usageOf, type BudgetScope } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

describe('the bound of a generation', () => {
  let bench: LedgerBench;

  const lend = async (deposit: bigint, lent: bigint, budgets: readonly BudgetScope[] = []) => {
    const accountId = await fundAccount(bench, deposit);
    const { request } = await askForLease(bench, accountId, lent, budgets);
    return { accountId, request };
  };
  const balanceOf = (accountId: string) => bench.accounts.balance(accountId);

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterEach(async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('is all that the customer pays, though lease and account have more; the rest is the loss of the house', async () => {
    const { accountId, request } = await lend(100_000n, 10_000n);
    const [applied] = await bench.usage.apply([incoming(usageEvent(request, 900n, { boundNanos: 400n }))]);
    expect(applied).toMatchObject({ status: 'applied', chargedNanos: 400n, lostNanos: 500n, overBoundNanos: 500n });
    await expect(balanceOf(accountId)).resolves.toMatchObject({ spentNanos: 400n, leasedNanos: 9_600n });
  });

  it('is paid by the account where the lease has less, and by the house where the account has less', async () => {
    const { accountId, request } = await lend(1_000n, 300n);
    const first = await bench.usage.apply([incoming(usageEvent(request, 500n, { boundNanos: 450n }))]);
    expect(first).toMatchObject([{ chargedNanos: 450n, lostNanos: 50n, overBoundNanos: 50n }]);
    const second = await bench.usage.apply([incoming(usageEvent(request, 800n, { boundNanos: 700n }))]);
    expect(second).toMatchObject([{ chargedNanos: 550n, lostNanos: 250n, overBoundNanos: 100n }]);
    await expect(balanceOf(accountId)).resolves.toMatchObject({ spentNanos: 1_000n, availableNanos: 0n });
  });

  it('holds for every row by the database itself', async () => {
    const { request } = await lend(1_000n, 100n);
    const known = usageEvent(request, 5n);
    await bench.usage.apply([incoming(known)]);
    const other = usageEvent(request, 5n).generationId;
    await expect(
      bench.asOwner(
        `INSERT INTO usage SELECT (jsonb_populate_record(u, jsonb_build_object('generation_id', $2::text, 'bound', 4))).*
         FROM usage u WHERE generation_id = $1`,
        [known.generationId, other],
      ),
    ).rejects.toThrow('never_above_the_bound');
  });

  it('caps what a provider claims, a billion tokens or zero, and a bound of zero charges nothing', async () => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    const absurd = usageOf({ source: 'reported', outputTokens: 1_000_000_000, requests: 1 });
    const applied = await bench.usage.apply([
      incoming(usageEvent(request, 0n, { usage: absurd, boundNanos: 700n })),
      incoming(usageEvent(request, 50n, { boundNanos: 0n })),
      incoming(usageEvent(request, 0n, { boundNanos: 700n })),
    ]);
    expect(applied.map(({ chargedNanos, lostNanos }) => [chargedNanos, lostNanos])).toEqual([
      [700n, 999_999_300n],
      [0n, 50n],
      [0n, 0n],
    ]);
    await expect(balanceOf(accountId)).resolves.toMatchObject({ spentNanos: 700n });
  });

  it('of many huge claims in one batch overflows nothing', async () => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    const usage = usageOf({ source: 'reported', outputTokens: 900_000_000_000_000, requests: 1 });
    const price = { version: 'dear', prompt: 0n, completion: 1_000_000n };
    const applied = await bench.usage.apply(
      Array.from({ length: 30 }, () => incoming(usageEvent(request, 0n, { usage, price, boundNanos: 10n ** 18n }))),
    );
    expect(applied[0]).toMatchObject({ chargedNanos: 10_000n, lostNanos: 9n * 10n ** 17n - 10_000n });
    expect(applied.every(({ status }) => status === 'applied')).toBe(true);
    await expect(balanceOf(accountId)).resolves.toMatchObject({ spentNanos: 10_000n });
  });

  it('counts for budgets and keys as what was charged, not as what it cost', async () => {
    const scopeId = randomUUID();
    const { request } = await lend(100_000n, 1_000n, [{ scopeId, kind: 'key', interval: 'total', capNanos: 5_000n }]);
    await bench.usage.apply([incoming(usageEvent(request, 900n, { boundNanos: 400n }))]);
    const [budget] = await bench.asService('SELECT reserved, spent, forced FROM budget WHERE scope_id = $1', [scopeId]);
    expect(budget).toEqual({ reserved: '600', spent: '400', forced: '0' });
    await expect(bench.keySpend.spendOf([request.keyId])).resolves.toMatchObject([{ totalNanos: 400n }]);
  });

  describe('with a key of the customer’s own', () => {
    it('the fee is charged, rounded up once, and the cost stays the list price', async () => {
      const { accountId, request } = await lend(100_000n, 10_000n);
      const events = [
        usageEvent(request, 1_000n, { ownKey: { feePpm: 50_000 }, boundNanos: 50n }),
        usageEvent(request, 1n, { ownKey: { feePpm: 50_000 }, boundNanos: 1n }),
        usageEvent(request, 1_000n, { ownKey: { feePpm: 0 }, boundNanos: 0n }),
      ];
      const applied = await bench.usage.apply(events.map(incoming));
      expect(applied.map(({ chargedNanos, lostNanos }) => [chargedNanos, lostNanos])).toEqual([
        [50n, 0n],
        [1n, 0n],
        [0n, 0n],
      ]);
      await expect(balanceOf(accountId)).resolves.toMatchObject({ spentNanos: 51n });
      const [row] = await bench.asService(
        'SELECT cost, charged, lost, own_key_ppm FROM usage WHERE generation_id = $1',
        [events[0]!.generationId],
      );
      expect(row).toEqual({ cost: '1000', charged: '50', lost: '0', own_key_ppm: 50_000 });
    });

    it('a fee above the bound is the house’s, as any cost', async () => {
      const { request } = await lend(100_000n, 10_000n);
      const event = usageEvent(request, 1_000n, { ownKey: { feePpm: 50_000 }, boundNanos: 30n });
      await expect(bench.usage.apply([incoming(event)])).resolves.toMatchObject([
        { chargedNanos: 30n, lostNanos: 20n, overBoundNanos: 20n },
      ]);
    });
  });
});
