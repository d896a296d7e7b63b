import { usageOf, type UsageEvent } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { grantRequest, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { ActivityRepository } from './activity.repository.js';

const DAY = '2026-11-22';
const NEXT = '2026-11-23';

describe('activity', () => {
  let bench: LedgerBench;
  let activity: ActivityRepository;

  beforeAll(async () => {
    bench = await startLedgerBench();
    activity = new ActivityRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);
  afterEach(async () => {
    expect(await bench.audit.violations()).toEqual([]);
  });
  afterAll(() => bench?.stop());

  const account = async () => {
    const accountId = randomUUID();
    await bench.accounts.open(accountId);
    await bench.deposits.create({
      accountId,
      amountNanos: 1_000_000n,
      source: 'test',
      externalId: accountId,
      note: null,
    });
    return accountId;
  };
  const lend = async (accountId: string, fields: { keyId?: string } = {}) => {
    const grant = grantRequest({ accountId, minNanos: 10_000n, wantNanos: 10_000n, ...fields });
    await bench.leases.grant(grant, TTL_MS);
    return grant;
  };
  const book = (...events: UsageEvent[]) => bench.usage.apply(events.map((event) => incoming(event)));
  const of = (accountId: string, fields: { keyIds?: string[]; fromDay?: string; toDay?: string } = {}) =>
    activity.of({ accountId, keyIds: null, fromDay: DAY, toDay: NEXT, ...fields });

  it('sums what was charged per endpoint and day, whatever came twice', async () => {
    await bench.setClock(new Date(`${DAY}T10:00:00Z`));
    const accountId = await account();
    const [first, second] = [await lend(accountId), await lend(accountId)];
    const twice = usageEvent(first, 100n);
    await book(
      twice,
      usageEvent(second, 50n),
      twice,
      usageEvent(first, 7n, { endpointId: 'other:x', outcome: 'insured' }),
    );
    await book(twice, usageEvent(second, 1n), usageEvent(second, 1n, { outcome: 'void' }));
    await bench.setClock(new Date(`${NEXT}T00:00:01Z`));
    await book(usageEvent(await lend(accountId), 3n));

    const rows = await of(accountId);
    expect(
      rows.map(({ day, endpointId, requests, chargedNanos, completionTokens }) => [
        day,
        endpointId,
        requests,
        chargedNanos,
        completionTokens,
      ]),
    ).toEqual([
      [NEXT, 'sandbox:sandbox/echo', 1, 3n, 3],
      [DAY, 'sandbox:sandbox/echo', 3, 151n, 151],
      [DAY, 'other:x', 1, 0n, 7],
    ]);
    const { spentNanos } = (await bench.accounts.balance(accountId))!;
    expect(rows.reduce((sum, { chargedNanos }) => sum + chargedNanos, 0n)).toBe(spentNanos);
  });

  it('tells keys, days and tenants apart', async () => {
    await bench.setClock(new Date(`${DAY}T23:59:59Z`));
    const [accountId, stranger] = [await account(), await account()];
    const [a, b] = [await lend(accountId), await lend(accountId)];
    await book(usageEvent(a, 5n), usageEvent(b, 6n), usageEvent(await lend(stranger), 7n));
    expect((await of(accountId, { keyIds: [a.keyId] })).map(({ chargedNanos }) => chargedNanos)).toEqual([5n]);
    expect((await of(accountId)).map(({ chargedNanos }) => chargedNanos)).toEqual([11n]);
    expect(await of(accountId, { fromDay: NEXT })).toEqual([]);
    expect(await of(accountId, { keyIds: [] })).toEqual([]);
  });

  it('keeps the input apart by how it is billed, and no absurd count of a provider stops the books', async () => {
    await bench.setClock(new Date(`${DAY}T12:00:00Z`));
    const accountId = await account();
    const grant = await lend(accountId);
    const usage = usageOf({
      source: 'reported',
      inputTokens: 10,
      cacheReadTokens: 20,
      cacheWriteTokens: 30,
      cacheWrite1hTokens: 40,
      outputTokens: 2,
      reasoningTokens: 3,
      requests: 1,
    });
    const free = { version: 'free', prompt: 0n, completion: 0n };
    const provider = `p-${randomUUID()}`;
    await book(usageEvent(grant, 0n, { usage, provider, price: free }));
    const [row] = await of(accountId);
    expect(row).toMatchObject({ promptTokens: 100, completionTokens: 5, reasoningTokens: 3 });
    const [booked] = await activity.ofProvider(provider, DAY, DAY);
    expect(booked).toMatchObject({
      model: 'echo',
      figures: {
        requests: 1,
        inputTokens: 10,
        cacheReadTokens: 20,
        cacheWriteTokens: 30,
        cacheWrite1hTokens: 40,
        outputTokens: 5,
        costPicos: 0n,
      },
    });
    const absurd = usageOf({ source: 'reported', inputTokens: Number.MAX_SAFE_INTEGER, requests: 1 });
    await book(...Array.from({ length: 3 }, () => usageEvent(grant, 0n, { usage: absurd, provider, price: free })));
    expect((await of(accountId))[0]?.promptTokens).toBe(Number.MAX_SAFE_INTEGER);
  });
});
