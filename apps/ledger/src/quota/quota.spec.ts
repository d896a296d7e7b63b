import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { PromosRepository } from '../deposits/promos.repository.js';
import { depositRequest, fundAccount } from '../testing/accounts.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import type { FreeLimits } from './free-limits.js';
import { QuotaRepository } from './quota.repository.js';

const LIMITS: FreeLimits = { perMinute: 20, perDay: 50, perDayAbove: 1_000, thresholdNanos: 10_000_000_000n };
const NO_LIMITS: FreeLimits = { perMinute: 0, perDay: 0, perDayAbove: 0, thresholdNanos: 0n };

describe('the limits of free models', () => {
  let bench: LedgerBench;
  let quotas: QuotaRepository;
  let accountId: string;

  const take = (want = 1, limits = LIMITS, trancheId: string = randomUUID()) =>
    quotas.take(trancheId, accountId, want, limits);
  /** Takes one after the other until there is no more, and answers how many there were. */
  const takeAll = async (limits = LIMITS) => {
    for (let taken = 0; ;) {
      const { granted, limitedBy } = await take(1, limits);
      if (granted === 0) return { taken, limitedBy };
      taken += granted;
    }
  };

  beforeAll(async () => {
    bench = await startLedgerBench();
    quotas = new QuotaRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);
  beforeEach(async () => {
    await bench.setClock(new Date('2026-11-22T10:00:30Z'));
    accountId = await fundAccount(bench, 0n);
  });
  afterAll(async () => {
    await bench?.stop();
  });

  it('hand out exactly the limit of the minute, and again in the next', async () => {
    await expect(takeAll()).resolves.toEqual({ taken: 20, limitedBy: 'minute' });
    await bench.setClock(new Date('2026-11-22T10:00:59.999Z'));
    await expect(take()).resolves.toMatchObject({ granted: 0, validMs: 1 });
    await bench.setClock(new Date('2026-11-22T10:01:00Z'));
    await expect(takeAll()).resolves.toEqual({ taken: 20, limitedBy: 'minute' });
    await bench.setClock(new Date('2026-11-22T10:02:00Z'));
    await expect(takeAll()).resolves.toEqual({ taken: 10, limitedBy: 'day' });
    await bench.setClock(new Date('2026-11-23T00:00:00Z'));
    await expect(takeAll()).resolves.toEqual({ taken: 20, limitedBy: 'minute' });
  });

  it('are never passed by 200 questions at once from two edges', async () => {
    const limits = { ...LIMITS, perMinute: 0, perDay: 50 };
    const replies = await Promise.all(Array.from({ length: 200 }, (_, index) => take((index % 7) + 1, limits)));
    expect(replies.reduce((sum, { granted }) => sum + granted, 0)).toBe(50);
    expect(replies.filter(({ limitedBy }) => limitedBy === 'day').length).toBeGreaterThan(100);
  });

  it('hand out few at a time when few are left, never more than is wanted, and one by one at the end', async () => {
    const granted: number[] = [];
    for (let left = 20; left > 0; left -= granted.at(-1)!) granted.push((await take(100)).granted);
    expect(granted[0]).toBe(5);
    expect(granted.slice(-7)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    await bench.setClock(new Date('2026-11-22T10:01:00Z'));
    await expect(take(2)).resolves.toMatchObject({ granted: 2 });
  });

  it('are higher for who ever bought for ten dollars', async () => {
    await bench.deposits.create(depositRequest(accountId, 9_999_999_999n));
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({
      day: { limit: 50 },
      boughtNanos: 9_999_999_999n,
    });
    await bench.deposits.create(depositRequest(accountId, 1n));
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ day: { limit: 1_000 } });
    await expect(takeAll({ ...LIMITS, perMinute: 0, perDayAbove: 60 })).resolves.toEqual({
      taken: 60,
      limitedBy: 'day',
    });
  });

  it('are not raised by credit that was a gift', async () => {
    const promos = new PromosRepository(new LedgerRepository(bench.dataSource));
    const gift = { amountNanos: 20_000_000_000n, externalId: randomUUID(), note: null };
    await promos.grant({ accountId, ...gift, expiresAt: '2027-01-01T00:00:00Z' });
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ day: { limit: 50 }, boughtNanos: 0n });
  });

  it.each(['free_quota', 'free_tranche'])('are counted where the service itself cannot write: %s', async (table) => {
    await take(2);
    for (const sql of [
      `DELETE FROM ${table}`,
      `UPDATE ${table} SET owner_id = owner_id`,
      `INSERT INTO ${table} DEFAULT VALUES`,
    ])
      await expect(bench.asService(sql)).rejects.toThrow('permission denied');
    await expect(bench.asService(`SELECT free_quota_now(gen_random_uuid(), now())`)).rejects.toThrow(
      'permission denied',
    );
  });

  it('show how far they are used, and when they start again', async () => {
    await expect(quotas.quota(accountId, LIMITS)).resolves.toEqual({
      minute: { limit: 20, used: 0, resetsAt: '2026-11-22T10:01:00.000Z' },
      day: { limit: 50, used: 0, resetsAt: '2026-11-23T00:00:00.000Z' },
      boughtNanos: 0n,
      thresholdNanos: 10_000_000_000n,
      dayLimitAbove: 1_000,
    });
    await take(3);
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ minute: { used: 3 }, day: { used: 3 } });
    await bench.setClock(new Date('2026-11-22T10:01:00Z'));
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ minute: { used: 0 }, day: { used: 3 } });
    await bench.setClock(new Date('2026-11-23T10:01:00Z'));
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ minute: { used: 0 }, day: { used: 0 } });
  });

  it('take back what was not used, once, also after the minute', async () => {
    const trancheId = randomUUID();
    await expect(take(5, LIMITS, trancheId)).resolves.toMatchObject({ granted: 5 });
    await bench.setClock(new Date('2026-11-22T10:01:10Z'));
    await expect(quotas.giveBack(trancheId, 4)).resolves.toBe(4);
    await expect(quotas.giveBack(trancheId, 4)).resolves.toBe(4);
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ day: { used: 1 } });
    await expect(quotas.giveBack(randomUUID(), 4)).resolves.toBe(0);
    const other = randomUUID();
    await take(2, LIMITS, other);
    // No more than was handed out, and nothing any more once the day is over.
    await expect(quotas.giveBack(other, 9)).resolves.toBe(2);
    const last = randomUUID();
    await take(2, LIMITS, last);
    await bench.setClock(new Date('2026-11-23T00:00:00Z'));
    await take(1);
    await expect(quotas.giveBack(last, 2)).resolves.toBe(0);
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ day: { used: 1 } });
  });

  it('answer a question that is asked again as the first time, as long as it is valid', async () => {
    const trancheId = randomUUID();
    const [first, again] = [await take(4, LIMITS, trancheId), await take(4, LIMITS, trancheId)];
    expect(again).toMatchObject({ granted: first.granted });
    await expect(quotas.quota(accountId, LIMITS)).resolves.toMatchObject({ day: { used: 4 } });
    await bench.setClock(new Date('2026-11-22T10:01:00Z'));
    await expect(take(4, LIMITS, trancheId)).resolves.toMatchObject({ granted: 0 });
    accountId = await fundAccount(bench, 0n);
    await expect(take(4, LIMITS, trancheId)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('do not start again when the clock jumps back', async () => {
    await bench.setClock(new Date('2026-11-23T10:00:30Z'));
    await takeAll();
    await bench.setClock(new Date('2026-11-22T10:00:30Z'));
    await expect(take()).resolves.toMatchObject({ granted: 0, limitedBy: 'minute' });
  });

  it('are off at zero', async () => {
    await expect(take(1_000, NO_LIMITS)).resolves.toMatchObject({ granted: 1_000, limitedBy: null });
    await expect(take(1_000, NO_LIMITS)).resolves.toMatchObject({ granted: 1_000, limitedBy: null });
    await expect(take(1_000, { ...LIMITS, perDay: 0 })).resolves.toMatchObject({ granted: 0, limitedBy: 'minute' });
  });

  it('are of accounts that exist', async () => {
    accountId = randomUUID();
    await expect(take()).rejects.toMatchObject({ code: 'not_found' });
    await expect(quotas.quota(accountId, LIMITS)).rejects.toMatchObject({ code: 'not_found' });
  });
});
