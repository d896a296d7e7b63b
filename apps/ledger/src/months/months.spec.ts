import { jest } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { askForLease, depositRequest, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

const generationAt = (iso: string): string =>
  `gen-${String(Date.parse(iso) / 1_000).padStart(10, '0')}-${randomBytes(10).toString('hex')}`;

// Deadlines of tests are for what hangs, not for machines that are busy.
jest.setTimeout(30_000);

describe('the months of the books', () => {
  let bench: LedgerBench;

  const lend = async (accountId: string, amountNanos: bigint) =>
    (await askForLease(bench, accountId, amountNanos)).request;
  const partitionsOf = async (generationId: string) => {
    const rows = await bench.asOwner(
      `SELECT tableoid::regclass::text AS part FROM usage WHERE generation_id = $1
       UNION ALL SELECT tableoid::regclass::text FROM transfer WHERE ref = $1 ORDER BY 1`,
      [generationId],
    );
    return rows.map(({ part }) => part);
  };
  const months = async () =>
    (
      await bench.asOwner(
        `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'transfer'::regclass ORDER BY 1`,
      )
    ).map(({ relname }) => String(relname));

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterEach(async () => {
    await bench.setClock(null);
    await expect(bench.asService('SELECT * FROM audit_full WHERE count > 0')).resolves.toEqual([]);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('puts usage and its transfers into the month of the generation, whatever the time is when it comes', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    await bench.setClock(new Date('2026-10-31T23:59:58Z'));
    const request = await lend(accountId, 1_000n);
    const last = usageEvent(request, 10n, { generationId: generationAt('2026-10-31T23:59:59Z') });
    const first = usageEvent(request, 20n, { generationId: generationAt('2026-11-01T00:00:00Z') });
    await bench.setClock(new Date('2026-11-01T00:00:01Z'));
    await bench.usage.apply([last, first].map((event) => incoming(event)));
    await expect(partitionsOf(last.generationId)).resolves.toEqual(['transfer_2026_10', 'usage_2026_10']);
    await expect(partitionsOf(first.generationId)).resolves.toEqual(['transfer_2026_11', 'usage_2026_11']);
  });

  it('are sound to every audit while usage opens them', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    const request = await lend(accountId, 1_000n);
    const over = new AbortController();
    const found: unknown[] = [];
    const audits = Array.from({ length: 3 }, async () => {
      while (!over.signal.aborted) found.push(...(await bench.audit.violations()));
    });
    for (let month = 0; month < 60; month += 1) {
      const generationId = generationAt(new Date(Date.UTC(2031, month, 2)).toISOString());
      await bench.usage.apply([incoming(usageEvent(request, 10n, { generationId }))]);
    }
    over.abort();
    await Promise.all(audits);
    expect(found).toEqual([]);
  });

  it('books usage once though it comes before and after the end of a month', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    await bench.setClock(new Date('2026-10-31T23:59:50Z'));
    const request = await lend(accountId, 1_000n);
    const event = incoming(usageEvent(request, 10n, { generationId: generationAt('2026-10-31T23:59:55Z') }));
    const statuses: string[] = [];
    for (const at of ['2026-10-31T23:59:59Z', '2026-11-01T00:00:00Z', '2026-12-24T18:00:00Z']) {
      await bench.setClock(new Date(at));
      statuses.push(...(await bench.usage.apply([event])).map(({ status }) => status));
    }
    expect(statuses).toEqual(['applied', 'duplicate', 'duplicate']);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 10n });
  });

  it('tops up and grants once though the call is repeated in the next month', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    await bench.setClock(new Date('2026-10-31T23:59:50Z'));
    const request = await lend(accountId, 1_000n);
    await bench.setClock(new Date('2026-11-01T00:00:05Z'));
    await expect(bench.leases.grant(request, 60_000)).resolves.toMatchObject({ grantedNanos: 1_000n });
    await bench.leases.close({ ...request, keepNanos: 0n });
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 10_000n });
    const rows = await bench.asOwner('SELECT DISTINCT month::text FROM transfer WHERE ref = $1', [request.leaseId]);
    expect(rows).toEqual([{ month: '2026-10-01' }]);
  });

  it('makes a deposit once though it comes again in the next month', async () => {
    const accountId = await fundAccount(bench, 0n);
    const deposit = depositRequest(accountId, 500n);
    await bench.setClock(new Date('2026-10-31T23:59:59Z'));
    await bench.deposits.create(deposit);
    await bench.setClock(new Date('2026-11-01T00:00:01Z'));
    await expect(bench.deposits.create(deposit)).resolves.toMatchObject({ created: false, availableNanos: 500n });
  });

  it('opens a month that nobody expected when something comes for it, also for many at once', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const leases = await Promise.all(Array.from({ length: 6 }, () => lend(accountId, 1_000n)));
    const before = await months();
    expect(before).not.toContain('transfer_2025_03');
    const events = leases.map((lease, at) =>
      usageEvent(lease, 10n, { generationId: generationAt(`2025-0${3 + (at % 3)}-15T12:00:00Z`) }),
    );
    const applied = await Promise.all(events.map((event) => bench.usage.apply([incoming(event)])));
    expect(applied.flat().map(({ status }) => status)).toEqual(events.map(() => 'applied'));
    expect((await months()).filter((month) => !before.includes(month))).toEqual([
      'transfer_2025_03',
      'transfer_2025_04',
      'transfer_2025_05',
    ]);
  });

  it('keeps the ids of an edge whose clock is off by decades in the first or the last month', async () => {
    const accountId = await fundAccount(bench, 10_000n);
    const request = await lend(accountId, 1_000n);
    const events = ['0000000000', '9999999999'].map((seconds) =>
      usageEvent(request, 10n, { generationId: `gen-${seconds}-${randomBytes(10).toString('hex')}` }),
    );
    await bench.usage.apply(events.map((event) => incoming(event)));
    await expect(partitionsOf(events[0]!.generationId)).resolves.toEqual(['transfer_2025_01', 'usage_2025_01']);
    await expect(partitionsOf(events[1]!.generationId)).resolves.toEqual(['transfer_2098_12', 'usage_2098_12']);
  });

  it('has this month and the next two ready, and finds nothing to do the second time', async () => {
    await bench.setClock(new Date('2027-12-31T23:59:59Z'));
    await bench.asService('SELECT open_coming_months()');
    const ready = await months();
    expect(ready).toEqual(expect.arrayContaining(['transfer_2027_12', 'transfer_2028_01', 'transfer_2028_02']));
    await bench.asService('SELECT open_coming_months()');
    await expect(months()).resolves.toEqual(ready);
  });

  it('I11: every partition is append-only to its owner and closed to the service', async () => {
    for (const part of (await months()).flatMap((name) => [name, name.replace('transfer', 'usage')])) {
      for (const sql of [`DELETE FROM ${part}`, `UPDATE ${part} SET month = month`, `TRUNCATE ${part}`]) {
        await expect(bench.asOwner(sql)).rejects.toThrow('append-only');
        await expect(bench.asService(sql)).rejects.toThrow('permission denied');
      }
      await expect(bench.asService(`INSERT INTO ${part} DEFAULT VALUES`)).rejects.toThrow('permission denied');
    }
  });

  it('refuses a transfer that belongs to nothing', async () => {
    const post = (code: number, ref: string) =>
      bench.asOwner(`SELECT post($1, house_account('promo'), house_account('external'), 1, $2, $3)`, [
        randomUUID(),
        code,
        ref,
      ]);
    for (const code of [0, 1, 5, 6, 8, 9])
      await expect(post(code, randomUUID())).rejects.toThrow('a transfer of nothing that is known');
    await expect(post(2, 'no generation')).rejects.toThrow('invalid input syntax');
  });
});
