import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

describe('what keys have spent', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);
  afterAll(async () => {
    await bench?.stop();
  });

  it('is apart from the list price of what own keys served, and has the fee on it', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    await bench.setClock(new Date('2026-11-22T10:00:00Z'));
    const { request } = await askForLease(bench, accountId, 10_000n);
    await bench.usage.apply([
      incoming(usageEvent(request, 1_000n)),
      incoming(usageEvent(request, 4_000n, { ownKey: { feePpm: 50_000 } })),
    ]);
    await bench.setClock(new Date('2026-11-23T10:00:00Z'));
    const unknown = randomUUID();
    await expect(bench.keySpend.spendOf([unknown, request.keyId])).resolves.toEqual([
      {
        keyId: unknown,
        ...amounts(0n, 0n, 0n, 0n),
        ownKey: amounts(0n, 0n, 0n, 0n),
      },
      // The 22nd was a Sunday: neither the day nor the week is the same any more.
      { keyId: request.keyId, ...amounts(1_200n, 0n, 0n, 1_200n), ownKey: amounts(4_000n, 0n, 0n, 4_000n) },
    ]);
  });
});

const amounts = (totalNanos: bigint, dailyNanos: bigint, weeklyNanos: bigint, monthlyNanos: bigint) => ({
  totalNanos,
  dailyNanos,
  weeklyNanos,
  monthlyNanos,
});
