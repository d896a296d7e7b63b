import { GatewayError } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { grantRequest, TTL_MS, type GrantRequest } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { GrantBatches } from './grant-batches.js';

describe('grants of one account that come together', () => {
  let bench: LedgerBench;
  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);
  afterEach(async () => {
    expect(await bench.audit.violations()).toEqual([]);
  });
  afterAll(() => bench?.stop());

  const account = async (amountNanos: bigint) => {
    const accountId = randomUUID();
    await bench.accounts.open(accountId);
    await bench.deposits.create({ accountId, amountNanos, source: 'test', externalId: accountId, note: null });
    return accountId;
  };
  const batchesOf = (sizes: number[]) =>
    new GrantBatches((requests) => {
      sizes.push(requests.length);
      return bench.leases.grantMany(requests, TTL_MS);
    });

  it('are lent in a few transactions, each its own money', async () => {
    const accountId = await account(1_000_000n);
    const sizes: number[] = [];
    const batches = batchesOf(sizes);
    const requests = Array.from({ length: 1_000 }, () => grantRequest({ accountId, minNanos: 100n, wantNanos: 100n }));
    const loans = await Promise.all(requests.map((request) => batches.grant(request)));
    expect(loans.map((loan) => loan.outcome === 'granted' && [loan.leaseId, loan.grantedNanos])).toEqual(
      requests.map(({ leaseId }) => [leaseId, 100n]),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_000);
    expect(sizes.length).toBeLessThan(15);
    expect((await bench.accounts.balance(accountId))!).toMatchObject({
      availableNanos: 900_000n,
      leasedNanos: 100_000n,
    });
  }, 30_000);

  it('never lend more than there is, and say so to the rest', async () => {
    const accountId = await account(1_000n);
    const batches = batchesOf([]);
    const loans = await Promise.all(
      Array.from({ length: 30 }, () => batches.grant(grantRequest({ accountId, minNanos: 100n, wantNanos: 100n }))),
    );
    expect(loans.filter(({ outcome }) => outcome === 'granted')).toHaveLength(10);
    expect(loans.filter(({ outcome }) => outcome === 'refused')).toHaveLength(20);
  });

  it('are judged one by one when one of them is wrong', async () => {
    const accountId = await account(10_000n);
    const batches = batchesOf([]);
    const taken = grantRequest({ accountId, minNanos: 10n, wantNanos: 10n });
    await batches.grant(taken);
    const requests: GrantRequest[] = Array.from({ length: 5 }, () =>
      grantRequest({ accountId, minNanos: 10n, wantNanos: 10n }),
    );
    // The same id for another key: a conflict, for this one alone.
    requests[3] = { ...taken, keyId: randomUUID() };
    const results = await Promise.allSettled(requests.map((request) => batches.grant(request)));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const [, , , refused] = results;
    expect(refused?.status === 'rejected' && (refused.reason as GatewayError).code).toBe('conflict');
  });

  it('of different accounts do not wait for each other', async () => {
    const order: string[] = [];
    const slow = Promise.withResolvers<void>();
    const batches = new GrantBatches(async ([request]) => {
      if (request!.accountId === 'slow') await slow.promise;
      order.push(request!.accountId);
      return [];
    });
    const waits = batches.grant(grantRequest({ accountId: 'slow' }));
    await batches.grant(grantRequest({ accountId: 'fast' }));
    slow.resolve();
    await waits;
    expect(order).toEqual(['fast', 'slow']);
  });
});
