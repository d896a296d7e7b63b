import { jest } from '@jest/globals';
import { usageOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, depositRequest, fundAccount } from './testing/accounts.js';
import { generationId, incoming, TTL_MS, usageEvent } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';

// Deadlines of tests are for what hangs, not for machines that are busy.
jest.setTimeout(30_000);

describe('the books, case by case', () => {
  let bench: LedgerBench;
  const fundedAccount = (amountNanos: bigint) => fundAccount(bench, amountNanos);
  const lend = (accountId: string, amountNanos: bigint) => askForLease(bench, accountId, amountNanos);

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  it('I1: debits equal credits at every commit, whatever moved', async () => {
    const accountId = await fundedAccount(1_000n);
    const { request } = await lend(accountId, 300n);
    await bench.usage.apply([incoming(usageEvent(request, 100n))]);
    await bench.leases.close({ ...request, keepNanos: 0n });
    const { trialBalanceNanos, ...totals } = await bench.audit.totals();
    expect(trialBalanceNanos).toBe(0n);
    expect(totals.availableNanos + totals.leasedNanos + totals.revenueNanos - totals.houseLossNanos).toBe(
      totals.depositedNanos,
    );
  });

  it('I2: the audit sees a running total that was written round the mover', async () => {
    const accountId = await fundedAccount(1_000n);
    await bench.asOwner('UPDATE account SET credits = credits + 1 WHERE owner_id = $1', [accountId]);
    await expect(bench.audit.violations()).resolves.toEqual([
      { invariant: 'I1 debits equal credits', count: 1 },
      { invariant: 'I2 running totals are the sums of transfers', count: 1 },
    ]);
    await bench.asOwner('UPDATE account SET credits = credits - 1 WHERE owner_id = $1', [accountId]);
  });

  it('I3: neither lease nor user goes below zero when usage is dearer than both', async () => {
    const accountId = await fundedAccount(1_000n);
    const { request } = await lend(accountId, 300n);
    const [applied] = await bench.usage.apply([incoming(usageEvent(request, 5_000n))]);
    expect(applied).toMatchObject({ status: 'applied', chargedNanos: 1_000n, lostNanos: 4_000n });
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 0n, spentNanos: 1_000n });
    const [row] = await bench.asService<{ charged: string; lost: string }>(
      'SELECT charged, lost FROM usage WHERE lease_id = $1',
      [request.leaseId],
    );
    expect(row).toEqual({ charged: '1000', lost: '4000' });
  });

  it('I3: the database itself refuses a debit beyond the credit', async () => {
    const accountId = await fundedAccount(10n);
    await expect(
      bench.asOwner(
        `SELECT post(gen_random_uuid(), a.id, house_account('revenue'), 11, 3, $2) FROM account a WHERE owner_id = $1`,
        [accountId, generationId()],
      ),
    ).rejects.toThrow('no_overspend');
  });

  it('I4: the same usage has the effect of once, in one batch and in later ones, in any order', async () => {
    const accountId = await fundedAccount(10_000n);
    const { request } = await lend(accountId, 1_000n);
    const first = incoming(usageEvent(request, 100n));
    const second = incoming(usageEvent(request, 200n));
    const statuses = async (batch: Parameters<typeof bench.usage.apply>[0]) =>
      (await bench.usage.apply(batch)).map(({ status, chargedNanos }) => `${status} ${chargedNanos}`);
    await expect(statuses([first, first, second])).resolves.toEqual(['applied 100', 'duplicate 100', 'applied 200']);
    await expect(statuses([second, first, second])).resolves.toEqual([
      'duplicate 200',
      'duplicate 100',
      'duplicate 200',
    ]);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 300n, leasedNanos: 700n });
  });

  it('I4: another usage of a booked generation moves nothing and is told apart', async () => {
    const accountId = await fundedAccount(10_000n);
    const { request } = await lend(accountId, 1_000n);
    const id = generationId();
    await bench.usage.apply([incoming(usageEvent(request, 100n, { generationId: id }))]);
    const again = await bench.usage.apply([incoming(usageEvent(request, 900n, { generationId: id }))]);
    expect(again).toMatchObject([{ status: 'contradiction', chargedNanos: 100n }]);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 100n });
  });

  it('I5: the same transfer id with other fields raises and changes nothing', async () => {
    const accountId = await fundedAccount(10_000n);
    const { request } = await lend(accountId, 1_000n);
    const other = await lend(accountId, 500n);
    const before = await bench.accounts.balance(accountId);
    await expect(
      bench.leases.topUp({ ...request, topUpId: other.request.leaseId, wantNanos: 10n, minNanos: 10n }),
    ).rejects.toMatchObject({ code: 'conflict' });
    await expect(bench.leases.grant({ ...request, keyId: randomUUID() }, TTL_MS)).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(bench.accounts.balance(accountId)).resolves.toEqual(before);
  });

  it('I5: a deposit is made once, and its ids with another amount are a conflict', async () => {
    const accountId = await fundedAccount(0n);
    const request = depositRequest(accountId, 500n);
    const first = await bench.deposits.create(request);
    await expect(bench.deposits.create(request)).resolves.toEqual({ ...first, created: false });
    await expect(bench.deposits.create({ ...request, amountNanos: 501n })).rejects.toMatchObject({ code: 'conflict' });
    await expect(bench.deposits.create(depositRequest(randomUUID(), 1n))).rejects.toMatchObject({ code: 'not_found' });
    expect(first).toMatchObject({ created: true, availableNanos: 500n });
  });

  it('I6: granted is captured, returned and balance; a closed lease is empty', async () => {
    const accountId = await fundedAccount(100_000n);
    const { request } = await lend(accountId, 1_000n);
    const topUp = { ...request, topUpId: randomUUID(), wantNanos: 500n, minNanos: 500n };
    await expect(bench.leases.topUp(topUp)).resolves.toMatchObject({ outcome: 'granted', grantedNanos: 1_500n });
    await expect(bench.leases.topUp(topUp)).resolves.toMatchObject({ outcome: 'granted', grantedNanos: 1_500n });
    await bench.usage.apply([incoming(usageEvent(request, 400n))]);
    const draining = { state: 'draining', returnedNanos: 900n };
    await expect(bench.leases.close({ ...request, keepNanos: 200n })).resolves.toEqual(draining);
    await expect(bench.leases.close({ ...request, keepNanos: 200n })).resolves.toEqual(draining);
    await expect(bench.leases.close({ ...request, keepNanos: 0n })).resolves.toEqual({
      state: 'closed',
      returnedNanos: 1_100n,
    });
    await expect(bench.leases.topUp({ ...topUp, topUpId: randomUUID() })).resolves.toBeNull();
    await expect(bench.accounts.balance(accountId)).resolves.toEqual({
      depositedNanos: 100_000n,
      availableNanos: 99_600n,
      leasedNanos: 0n,
      spentNanos: 400n,
    });
  });

  it('I8: charged is the price of the usage for all that arrived, and the difference is what was lost', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const { request } = await lend(accountId, 10_000n);
    const price = { version: 'p1', prompt: 2_500n, completion: 10_001n };
    const events = [1, 2, 3].map((outputTokens) =>
      usageEvent(request, 0n, { price, usage: usageOf({ source: 'reported', inputTokens: 7, outputTokens }) }),
    );
    await bench.usage.apply(events.map((event) => incoming(event)));
    const [row] = await bench.asService<{ charged: string; pico: string }>(
      'SELECT sum(charged) AS charged, sum(cost_pico) AS pico FROM usage WHERE lease_id = $1',
      [request.leaseId],
    );
    // 17.5 + 10.001 n, each rounded up once.
    expect(row).toEqual({ charged: String(28 + 38 + 48), pico: String(3 * 17_500 + 6 * 10_001) });
  });

  it('I13: the price in the event decides, also when the catalogue has another by then', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const { request } = await lend(accountId, 10_000n);
    const old = usageEvent(request, 40n);
    const fresh = usageEvent(request, 0n, {
      price: { version: 'v2', prompt: 0n, completion: 9_000n },
      usage: old.usage,
    });
    const applied = await bench.usage.apply([incoming(fresh), incoming(old)]);
    expect(applied.map(({ chargedNanos }) => chargedNanos)).toEqual([360n, 40n]);
  });

  it('I14: an insured or void generation costs the customer nothing', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const { request } = await lend(accountId, 10_000n);
    const applied = await bench.usage.apply([
      incoming(usageEvent(request, 500n, { outcome: 'insured', finishReason: 'error' })),
      incoming(usageEvent(request, 500n, { outcome: 'insured', costPicos: 0n, costNanos: 0n })),
      incoming(usageEvent(request, 0n, { outcome: 'void', finishReason: null })),
    ]);
    expect(applied.map(({ status, chargedNanos }) => [status, chargedNanos])).toEqual(
      [1, 2, 3].map(() => ['applied', 0n]),
    );
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 0n });
  });
});
