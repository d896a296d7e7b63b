import type { BudgetInterval, BudgetKind, BudgetScope } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

const CAP = 1_000n;

describe('the windows of budgets', () => {
  let bench: LedgerBench;

  const budget = (interval: BudgetInterval, capNanos = CAP, kind: BudgetKind = 'workspace'): BudgetScope => ({
    scopeId: randomUUID(),
    kind,
    interval,
    capNanos,
  });
  const at = (time: string) => bench.setClock(new Date(time));
  const rowsOf = ({ scopeId }: BudgetScope) =>
    bench.asService<{ start: string; reserved: string; spent: string }>(
      `SELECT CASE WHEN isfinite(window_start) THEN to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') ELSE 'ever' END AS start,
         reserved, spent FROM budget WHERE scope_id = $1 ORDER BY window_start`,
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

  it.each<[BudgetInterval, string, string, string]>([
    ['daily', '2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00Z', '2026-11-23 00:00'],
    ['daily', '2028-02-28T23:59:59.999Z', '2028-02-29T00:00:00Z', '2028-02-29 00:00'],
    ['daily', '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00Z', '2028-03-01 00:00'],
    // Weeks begin on Monday.
    ['weekly', '2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00Z', '2026-11-23 00:00'],
    ['weekly', '2027-01-03T23:59:59.999Z', '2027-01-04T00:00:00Z', '2027-01-04 00:00'],
    ['monthly', '2026-11-30T23:59:59.999Z', '2026-12-01T00:00:00Z', '2026-12-01 00:00'],
    ['monthly', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00Z', '2027-01-01 00:00'],
    ['monthly', '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00Z', '2028-03-01 00:00'],
    // Days on which New York and Berlin change their clocks have 24 hours here.
    ['daily', '2026-10-25T23:59:59.999Z', '2026-10-26T00:00:00Z', '2026-10-26 00:00'],
    ['daily', '2027-03-14T23:59:59.999Z', '2027-03-15T00:00:00Z', '2027-03-15 00:00'],
  ])('a %s budget that is spent at %s is whole again at %s', async (interval, before, after, start) => {
    const accountId = await fundAccount(bench, 100_000n);
    const scope = budget(interval);
    await at(before);
    const { request, reply } = await askForLease(bench, accountId, CAP, [scope]);
    expect(reply).toMatchObject({ outcome: 'granted', ttlMs: 1 });
    const resetsAt = new Date(after).toISOString();
    await expect(askForLease(bench, accountId, 1n, [scope])).resolves.toMatchObject({
      reply: { reason: 'budget_exhausted', resetsAt, interval, scopeKind: 'workspace', capNanos: CAP, spentNanos: 0n },
    });
    await at(after);
    // No lease reaches over midnight: it is not renewed, and what is asked anew counts in the new window.
    const renewal = { ...request, topUpId: randomUUID(), wantNanos: 0n, minNanos: 0n };
    await expect(bench.leases.topUp(renewal)).resolves.toBeNull();
    await expect(askForLease(bench, accountId, CAP, [scope])).resolves.toMatchObject({ reply: { outcome: 'granted' } });
    // What ran over the change counts where it was admitted.
    await bench.usage.apply([incoming(usageEvent(request, 400n))]);
    const rows = await rowsOf(scope);
    expect(rows).toMatchObject([
      { reserved: '600', spent: '400' },
      { reserved: '1000', spent: '0', start },
    ]);
  });

  it.each<[BudgetInterval, string, string]>([
    ['daily', '2026-11-22T00:00:00Z', '2026-11-22T23:59:59Z'],
    ['weekly', '2026-11-16T00:00:00Z', '2026-11-22T23:59:59Z'],
    ['weekly', '2026-12-28T00:00:00Z', '2027-01-03T23:59:59Z'],
    ['monthly', '2028-02-01T00:00:00Z', '2028-02-29T23:59:59Z'],
    ['total', '2026-11-22T00:00:00Z', '2036-11-22T23:59:59Z'],
  ])('a %s budget counts %s and %s together', async (interval, first, last) => {
    const accountId = await fundAccount(bench, 100_000n);
    const scope = budget(interval);
    await at(first);
    await askForLease(bench, accountId, CAP, [scope]);
    await at(last);
    const { reply } = await askForLease(bench, accountId, 1n, [scope]);
    expect(reply).toMatchObject({ reason: 'budget_exhausted', interval });
    expect(reply).toMatchObject({ resetsAt: interval === 'total' ? null : expect.stringMatching(/T00:00:00\.000Z$/) });
  });

  it.each(['UTC', 'America/New_York', 'Europe/Berlin', 'Pacific/Kiritimati'])(
    'do not depend on the time zone of the session (%s)',
    async (zone) => {
      const [row] = await bench.asOwner(
        `SELECT set_config('TimeZone', $1, false),
           extract(epoch FROM ledger.window_start('daily', '2026-10-25T00:30:00Z')) AS day,
           extract(epoch FROM ledger.window_start('weekly', '2026-10-25T23:30:00Z')) AS week,
           extract(epoch FROM ledger.window_end('monthly', ledger.window_start('monthly', '2026-11-01T03:30:00Z'))) AS month,
           extract(epoch FROM ledger.next_midnight(ledger.utc_day('2026-03-08T23:59:59Z'))) AS midnight,
           set_config('TimeZone', 'UTC', false)`,
        [zone],
      );
      const seconds = (time: string) => (Date.parse(time) / 1_000).toFixed(6);
      expect(row).toMatchObject({
        day: seconds('2026-10-25T00:00:00Z'),
        week: seconds('2026-10-19T00:00:00Z'),
        month: seconds('2026-12-01T00:00:00Z'),
        midnight: seconds('2026-03-09T00:00:00Z'),
      });
    },
  );

  it('of every kind and length bind one lease, and the tightest says no', async () => {
    const accountId = await fundAccount(bench, 1_000_000n);
    const key = budget('total', 50_000n, 'key');
    const user = budget('daily', 3_000n, 'user');
    const workspace = budget('weekly', 2_000n, 'workspace');
    const monthly = { ...workspace, interval: 'monthly' as const, capNanos: 9_000n };
    const account = budget('monthly', 40_000n, 'account');
    const all = [key, user, workspace, monthly, account];
    const { request } = await askForLease(bench, accountId, 1_500n, all);
    await bench.usage.apply([incoming(usageEvent(request, 1_200n))]);
    const { reply } = await askForLease(bench, accountId, 1_000n, all);
    expect(reply).toMatchObject({
      reason: 'budget_exhausted',
      scopeId: workspace.scopeId,
      scopeKind: 'workspace',
      interval: 'weekly',
      capNanos: 2_000n,
      spentNanos: 1_200n,
      availableNanos: 500n,
    });
    // A request that has none of these budgets does not care.
    await expect(askForLease(bench, accountId, 1_000n)).resolves.toMatchObject({ reply: { outcome: 'granted' } });
    const kinds = await bench.asService<{ kind: string }>(
      'SELECT DISTINCT kind FROM budget WHERE scope_id = ANY ($1) ORDER BY kind',
      [all.map(({ scopeId }) => scopeId)],
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(['account', 'key', 'user', 'workspace']);
  });

  it('whose cap is lowered under what is spent refuse everything and take what runs', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const scope = budget('daily', 5_000n);
    const { request } = await askForLease(bench, accountId, 4_000n, [scope]);
    await bench.usage.apply([incoming(usageEvent(request, 2_500n))]);
    const lowered = { ...scope, capNanos: 100n };
    const { reply } = await askForLease(bench, accountId, 1n, [lowered]);
    expect(reply).toMatchObject({ reason: 'budget_exhausted', capNanos: 100n, spentNanos: 2_500n, availableNanos: 0n });
    // The open lease is lent nothing more, and what it had is spent as it was promised.
    const topUp = { ...request, topUpId: randomUUID(), wantNanos: 1n, minNanos: 1n };
    await expect(bench.leases.topUp(topUp)).resolves.toMatchObject({ reason: 'budget_exhausted' });
    await expect(bench.usage.apply([incoming(usageEvent(request, 1_500n))])).resolves.toMatchObject([
      { status: 'applied', chargedNanos: 1_500n },
    ]);
    expect(await rowsOf(scope)).toMatchObject([{ reserved: '0', spent: '4000' }]);
  });

  it('whose owner is deleted while a stream runs are charged what it used, once', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const scope = budget('monthly', CAP, 'key');
    const { request } = await askForLease(bench, accountId, 800n, [scope]);
    await bench.leases.close({ ...request, keepNanos: 800n });
    const told = incoming(usageEvent(request, 700n));
    await bench.usage.apply([told]);
    await expect(bench.usage.apply([told])).resolves.toMatchObject([{ status: 'duplicate', chargedNanos: 700n }]);
    await bench.leases.close({ ...request, keepNanos: 0n });
    expect(await rowsOf(scope)).toMatchObject([{ reserved: '0', spent: '700' }]);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({
      availableNanos: 99_300n,
      leasedNanos: 0n,
    });
  });

  it('end a lease at midnight and not at its own time, however long that is', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    await at('2026-11-22T23:59:30Z');
    const { reply } = await askForLease(bench, accountId, CAP);
    expect(reply).toMatchObject({ ttlMs: 30_000 });
    await at('2026-11-22T12:00:00Z');
    await expect(askForLease(bench, accountId, CAP)).resolves.toMatchObject({ reply: { ttlMs: TTL_MS } });
  });
});
