import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { GRACE_MS, incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { PromosRepository } from './promos.repository.js';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 2, 12);

describe('promotional credit', () => {
  let bench: LedgerBench;
  let promos: PromosRepository;

  beforeAll(async () => {
    bench = await startLedgerBench();
    promos = new PromosRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);
  beforeEach(() => bench.setClock(new Date(START)));
  afterAll(() => bench?.stop());

  const at = (ms: number) => bench.setClock(new Date(START + ms));
  const give = (accountId: string, amountNanos: bigint, days: number, externalId: string = randomUUID()) =>
    promos.grant({
      accountId,
      amountNanos,
      externalId,
      note: null,
      expiresAt: new Date(START + days * DAY_MS).toISOString(),
    });
  /** Lends, spends and returns, so that nothing stays lent. */
  const spend = async (accountId: string, amountNanos: bigint) => {
    const { request } = await askForLease(bench, accountId, amountNanos);
    await bench.usage.apply([incoming(usageEvent(request, amountNanos))]);
    await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
  };
  const sweep = async () => {
    let taken = 0n;
    for (const depositId of await promos.expired(100)) taken += await promos.expire(depositId);
    return taken;
  };
  const available = async (accountId: string) => (await bench.accounts.balance(accountId))!.availableNanos;

  it('is credit like any other until it expires, and then what is unspent is taken back', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    await expect(give(accountId, 500n, 10)).resolves.toMatchObject({ created: true, availableNanos: 1_500n });
    await spend(accountId, 200n);
    await at(10 * DAY_MS - 1);
    expect(await sweep()).toBe(0n);
    await at(10 * DAY_MS);
    expect(await sweep()).toBe(300n);
    expect(await sweep()).toBe(0n);
    await expect(bench.accounts.balance(accountId)).resolves.toEqual({
      depositedNanos: 1_200n,
      availableNanos: 1_000n,
      leasedNanos: 0n,
      spentNanos: 200n,
    });
  });

  it('takes nothing that was paid for, however much was spent', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    await give(accountId, 500n, 1);
    await spend(accountId, 700n);
    await at(DAY_MS);
    expect(await sweep()).toBe(0n);
    expect(await available(accountId)).toBe(800n);
  });

  it('counts only what was spent while it was there', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    await spend(accountId, 400n);
    await give(accountId, 500n, 1);
    await spend(accountId, 100n);
    await at(DAY_MS);
    expect(await sweep()).toBe(400n);
    expect(await available(accountId)).toBe(600n);
  });

  it('is spent in the order of expiry, whatever the order of the gifts', async () => {
    const accountId = await fundAccount(bench, 0n);
    const late = await give(accountId, 300n, 20);
    const early = await give(accountId, 300n, 10);
    await spend(accountId, 350n);
    await at(10 * DAY_MS);
    expect(await sweep()).toBe(0n);
    await at(20 * DAY_MS);
    expect(await sweep()).toBe(250n);
    const { entries } = await bench.deposits.list({ accountId, kinds: ['expiry'], offset: 0, limit: 10 });
    expect(entries.map(({ depositId, amountNanos }) => [depositId, amountNanos])).toEqual([[late.depositId, -250n]]);
    expect(early.depositId).not.toBe(late.depositId);
  });

  it('waits for money that was lent before it expired, and forgives what of that is still spent', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    await give(accountId, 500n, 1);
    const { request } = await askForLease(bench, accountId, 600n);
    await at(DAY_MS);
    expect(await sweep()).toBe(0n);
    await bench.usage.apply([incoming(usageEvent(request, 150n))]);
    expect(await sweep()).toBe(0n);
    await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
    expect(await sweep()).toBe(350n);
    expect(await available(accountId)).toBe(1_000n);
  });

  it('takes what is not lent at once', async () => {
    const accountId = await fundAccount(bench, 0n);
    await give(accountId, 500n, 1);
    const { request } = await askForLease(bench, accountId, 200n);
    await at(DAY_MS);
    expect(await sweep()).toBe(300n);
    await at(DAY_MS + 60_000 + GRACE_MS);
    expect(await bench.leases.expire(request.leaseId, GRACE_MS)).toBe(true);
    expect(await sweep()).toBe(200n);
    expect(await available(accountId)).toBe(0n);
  });

  it('does not take money that was paid in while its rest was lent', async () => {
    const accountId = await fundAccount(bench, 0n);
    await give(accountId, 500n, 1);
    const { request } = await askForLease(bench, accountId, 500n);
    await at(DAY_MS);
    await bench.deposits.create({ accountId, amountNanos: 900n, source: 'test', externalId: randomUUID(), note: null });
    expect(await sweep()).toBe(0n);
    await bench.usage.apply([incoming(usageEvent(request, 450n))]);
    await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
    expect(await sweep()).toBe(50n);
    expect(await available(accountId)).toBe(900n);
  });

  it('is given once per id, and not under it to somebody else or with another amount', async () => {
    const accountId = await fundAccount(bench, 0n);
    const first = await give(accountId, 10n, 1, 'gift-1');
    await expect(give(accountId, 10n, 2, 'gift-1')).resolves.toEqual({ ...first, created: false });
    await expect(give(accountId, 11n, 1, 'gift-1')).rejects.toMatchObject({ code: 'conflict' });
    const other = await fundAccount(bench, 0n);
    await expect(give(other, 10n, 1, 'gift-1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(give(randomUUID(), 10n, 1)).rejects.toMatchObject({ code: 'not_found' });
    expect(await available(accountId)).toBe(10n);
  });
});
