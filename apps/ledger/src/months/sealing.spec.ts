import { jest } from '@jest/globals';
import { startPostgres, waitUntil, type TestPostgres } from '@switchyard/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { GRACE_MS, incoming, usageEvent, type GrantRequest } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

const generationAt = (iso: string): string => `gen-${Date.parse(iso) / 1_000}-${randomBytes(10).toString('hex')}`;

// Deadlines of tests are for what hangs, not for machines that are busy.
jest.setTimeout(30_000);

describe('sealing a month', () => {
  let server: TestPostgres;
  let bench: LedgerBench;
  let other: Client;

  const at = (iso: string) => bench.setClock(new Date(iso));
  const seal = async () => {
    const [row] = await bench.asService<{ sealed: string | null }>('SELECT seal_next_month()::text AS sealed');
    return row!.sealed;
  };
  const openFrom = async () => {
    const [row] = await bench.asService<{ at: string }>('SELECT open_from()::text AS at');
    return row!.at;
  };
  const expectSound = async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
    await expect(bench.asService('SELECT * FROM audit_full WHERE count > 0')).resolves.toEqual([]);
  };
  const use = (request: GrantRequest, costNanos: bigint, iso: string) =>
    incoming(usageEvent(request, costNanos, { generationId: generationAt(iso) }));
  const budget = { scopeId: randomUUID(), kind: 'account' as const, interval: 'total' as const, capNanos: 1_000_000n };
  /** A month in which an account was opened, spent something and gave its lease back. */
  const spendIn = async (month: string) => {
    await at(`${month}-10T12:00:00Z`);
    const accountId = await fundAccount(bench, 10_000n);
    const { request } = await askForLease(bench, accountId, 1_000n, [budget]);
    await bench.usage.apply([use(request, 300n, `${month}-10T12:00:01Z`)]);
    await bench.leases.close({ ...request, keepNanos: 0n });
    return { accountId, request };
  };
  const sealed = (sql: string) => bench.asOwner(`SELECT count(*)::int AS count FROM ${sql}`);

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);

  beforeEach(async () => {
    bench = await startLedgerBench({ server });
    other = new Client({ connectionString: bench.ownerUrl, options: '-c search_path=ledger' });
    await other.connect();
  }, 30_000);

  afterEach(async () => {
    await other?.end();
    await expectSound();
    await bench?.stop();
  });

  afterAll(async () => {
    await server?.stop();
  });

  it('keeps its sums, and the totals and audits say the same before and after', async () => {
    await spendIn('2026-01');
    await spendIn('2026-02');
    await at('2026-03-02T00:00:00Z');
    const before = await bench.audit.totals();
    await expect(seal()).resolves.toBe('2026-01-01');
    await expect(seal()).resolves.toBe('2026-02-01');
    await expect(seal()).resolves.toBeNull();
    await expect(openFrom()).resolves.toBe('2026-03-01');
    await expect(bench.audit.totals()).resolves.toEqual(before);
    // Two users, two house accounts in both months; closed leases need no row.
    await expect(sealed('sealed_sum')).resolves.toEqual([{ count: 6 }]);
    await expectSound();
  });

  it('makes the audit of every minute read the open months alone', async () => {
    await spendIn('2026-01');
    await spendIn('2026-02');
    const read = async () => {
      const plan = await bench.asOwner('EXPLAIN (ANALYZE, TIMING off) SELECT * FROM audit');
      const scans = plan.map((row) => String(row['QUERY PLAN'])).filter((line) => /\b(?:transfer|usage)_\d/.test(line));
      const months = scans
        .filter((line) => !line.includes('never executed'))
        .join(' ')
        .match(/(?<=(?:transfer|usage)_)\d{4}_\d\d/g);
      return [...new Set(months)].toSorted();
    };
    await expect(read()).resolves.toEqual(expect.arrayContaining(['2026_01', '2026_02']));
    await at('2026-02-02T00:00:00Z');
    await expect(seal()).resolves.toBe('2026-01-01');
    const months = await read();
    expect(months).toContain('2026_02');
    expect(months).not.toContain('2026_01');
  });

  it('waits until the month is over for a day, its leases are closed, and no estimate of it waits', async () => {
    await at('2026-01-31T23:59:00Z');
    const accountId = await fundAccount(bench, 10_000n);
    const { request } = await askForLease(bench, accountId, 1_000n);
    await at('2026-02-05T00:00:00Z');
    await expect(seal()).resolves.toBeNull();
    await expect(bench.leases.expire(request.leaseId, GRACE_MS)).resolves.toBe(true);
    await bench.asOwner(`INSERT INTO usage_pending VALUES ($1, 'd', 's', 1, '{}', clock(), clock())`, [
      generationAt('2026-01-31T23:59:01Z'),
    ]);
    await expect(seal()).resolves.toBeNull();
    await bench.asOwner('DELETE FROM usage_pending');
    await at('2026-02-01T23:59:59Z');
    await expect(seal()).resolves.toBeNull();
    await at('2026-02-02T00:00:00Z');
    await expect(seal()).resolves.toBe('2026-01-01');
  });

  it('is not done while the books do not add up', async () => {
    const { accountId } = await spendIn('2026-01');
    await at('2026-02-02T00:00:00Z');
    await bench.asOwner('UPDATE account SET credits = credits + 1 WHERE owner_id = $1', [accountId]);
    await expect(seal()).resolves.toBeNull();
    await bench.asOwner('UPDATE account SET credits = credits - 1 WHERE owner_id = $1', [accountId]);
    await expect(seal()).resolves.toBe('2026-01-01');
  });

  it('is undone by usage that comes late, and done again', async () => {
    const { accountId, request } = await spendIn('2026-01');
    await spendIn('2026-02');
    await at('2026-03-02T00:00:00Z');
    await seal();
    await seal();
    const applied = await bench.usage.apply([use(request, 70n, '2026-01-10T12:00:02Z')]);
    expect(applied).toMatchObject([{ status: 'applied', chargedNanos: 70n }]);
    await expect(openFrom()).resolves.toBe('2026-01-01');
    await expect(sealed('sealed_sum')).resolves.toEqual([{ count: 0 }]);
    await expectSound();
    await expect(seal()).resolves.toBe('2026-01-01');
    await expect(seal()).resolves.toBe('2026-02-01');
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 370n });
  });

  it('leaves a lease of the last night of a month, used after midnight by the clock of its edge, whole', async () => {
    await at('2026-01-31T23:59:58Z');
    const accountId = await fundAccount(bench, 10_000n);
    const { request } = await askForLease(bench, accountId, 1_000n, [budget]);
    await bench.usage.apply([use(request, 100n, '2026-01-31T23:59:59Z'), use(request, 50n, '2026-02-01T00:00:02Z')]);
    await bench.leases.close({ ...request, keepNanos: 0n });
    await at('2026-02-02T00:00:00Z');
    await expect(seal()).resolves.toBe('2026-01-01');
    await expectSound();
    await at('2026-03-02T00:00:00Z');
    await expect(seal()).resolves.toBe('2026-02-01');
  });

  it('waits for usage that is being booked, and counts it', async () => {
    const { request } = await spendIn('2026-01');
    await at('2026-02-02T00:00:00Z');
    await other.query('BEGIN');
    const id = generationAt('2026-01-10T12:00:03Z');
    const account = await other.query(
      `SELECT post(md5('late:' || $1)::uuid, a.id, house_account('revenue'), 1, 3, $1) FROM account a WHERE a.owner_id = $2`,
      [id, request.accountId],
    );
    expect(account.rowCount).toBe(1);
    const sealing = seal();
    await waitUntil(
      async () =>
        (await bench.asOwner(`SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'`)).length > 0,
      { what: 'the seal waits', intervalMs: 5 },
    );
    await other.query('ROLLBACK');
    await expect(sealing).resolves.toBe('2026-01-01');
  });

  it('is undone by usage that waited for it', async () => {
    const { request } = await spendIn('2026-01');
    await at('2026-02-02T00:00:00Z');
    await other.query('BEGIN');
    await other.query('SELECT seal_next_month()');
    const booking = bench.usage.apply([use(request, 70n, '2026-01-10T12:00:04Z')]);
    await waitUntil(
      async () =>
        (await bench.asOwner(`SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'`)).length > 0,
      { what: 'the booking waits', intervalMs: 5 },
    );
    await other.query('COMMIT');
    await expect(booking).resolves.toMatchObject([{ status: 'applied', chargedNanos: 70n }]);
    await expect(openFrom()).resolves.toBe('2026-01-01');
  });

  it('hides nothing from the full audit: neither a changed sum nor a changed transfer', async () => {
    await spendIn('2026-01');
    await at('2026-02-02T00:00:00Z');
    await seal();
    const full = async () =>
      (await bench.asService<{ invariant: string }>('SELECT * FROM audit_full WHERE count > 0')).map(
        (row) => row.invariant,
      );
    await bench.asOwner('UPDATE sealed_sum SET credits = credits + 1 WHERE credits > 0');
    await expect(full()).resolves.toContain('sealed sums are what the sealed months say');
    await expect(bench.audit.violations()).resolves.not.toEqual([]);
    await bench.asOwner('UPDATE sealed_sum SET credits = credits - 1 WHERE credits > 0');
    // As somebody could who owns the tables and means harm.
    const tamper = async (sign: '+' | '-') => {
      await other.query('ALTER TABLE transfer_2026_01 DISABLE TRIGGER USER');
      await other.query(`UPDATE transfer_2026_01 SET amount = amount ${sign} 1 WHERE code = 2`);
      await other.query('ALTER TABLE transfer_2026_01 ENABLE TRIGGER USER');
    };
    await tamper('+');
    await expect(full()).resolves.toEqual(
      expect.arrayContaining(['I2 running totals are the sums of transfers', 'I4 one usage, its transfers once']),
    );
    await tamper('-');
  });
});
