import { connect, createDataSource, migrate } from '@switchyard/database';
import { startPostgres, type TestPostgres } from '@switchyard/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { LedgerRepository } from '../database/ledger.repository.js';
import { DepositsRepository } from '../deposits/deposits.repository.js';
import { LeasesRepository } from '../leases/leases.repository.js';
import { LEDGER_SCHEMA, ledgerFunctions, migrations } from '../migrations/index.js';
import { grantRequest, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { depositRequest } from '../testing/accounts.js';
import { UsageRepository } from '../usage/usage.repository.js';

const FIRST_OF_MONTHS = 'LedgerMonths1763900000060';
const generationAt = (iso: string): string => `gen-${Date.parse(iso) / 1_000}-${randomBytes(10).toString('hex')}`;

describe('an installation from before there were months', () => {
  let postgres: TestPostgres;
  let ownerUrl: string;
  let owner: Awaited<ReturnType<typeof connect>>;

  beforeAll(async () => {
    postgres = await startPostgres();
    ownerUrl = await postgres.createDatabase('ledger_old');
    const first = migrations.findIndex(({ name }) => name === FIRST_OF_MONTHS);
    expect(first).toBeGreaterThan(0);
    await migrate({ url: ownerUrl, schema: LEDGER_SCHEMA, migrations: migrations.slice(0, first) });
    owner = await connect(
      createDataSource({ url: ownerUrl, schema: LEDGER_SCHEMA, entities: [], applicationName: 'owner' }),
    );
  }, 60_000);

  afterAll(async () => {
    await owner?.destroy();
    await postgres?.stop();
  });

  it('keeps every row, its sums, and the memory of what it has booked', async () => {
    const ledger = new LedgerRepository(owner);
    const [accounts, deposits, leases, usage, audit] = [
      new AccountsRepository(ledger),
      new DepositsRepository(ledger),
      new LeasesRepository(ledger),
      new UsageRepository(owner),
      new AuditRepository(owner),
    ] as const;
    const accountId = randomUUID();
    await accounts.open(accountId);
    const deposit = depositRequest(accountId, 50_000n);
    await deposits.create(deposit);
    const grant = grantRequest({ accountId, minNanos: 5_000n, wantNanos: 5_000n });
    await leases.grant(grant, TTL_MS);
    const topUp = {
      ...grant,
      topUpId: randomUUID(),
      wantNanos: 100n,
      minNanos: 100n,
      roomNanos: 0n,
      returnedNanos: 0n,
    };
    await leases.topUp(topUp);
    const events = ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-11-22T12:00:00Z'].map((iso) =>
      incoming(usageEvent(grant, 700n, { generationId: generationAt(iso) })),
    );
    await usage.apply(events);
    const estimate = usageEvent(grant, 400n, {
      outcome: 'estimate',
      generationId: generationAt('2026-02-01T00:00:00Z'),
    });
    await usage.apply([incoming(estimate)]);
    const before = {
      balance: await accounts.balance(accountId),
      totals: await audit.totals(),
      transfers: await owner.query(
        'SELECT id, seq, debit_account, credit_account, amount, code, ref FROM transfer ORDER BY seq',
      ),
      usage: await owner.query('SELECT generation_id, charged, payload FROM usage ORDER BY 1'),
      activity: await owner.query('SELECT * FROM activity ORDER BY 1, 2, 3, 4, 5'),
    };

    const role = {
      name: 'ledger_app',
      password: 'ledger-password',
      tables: 'read' as const,
      functions: ledgerFunctions,
    };
    const executed = await migrate({ url: ownerUrl, schema: LEDGER_SCHEMA, migrations, role });
    expect(executed).toContain(FIRST_OF_MONTHS);
    expect({
      balance: await accounts.balance(accountId),
      totals: await audit.totals(),
      transfers: await owner.query(
        'SELECT id, seq, debit_account, credit_account, amount, code, ref FROM transfer ORDER BY seq',
      ),
      usage: await owner.query('SELECT generation_id, charged, payload FROM usage ORDER BY 1'),
      activity: await owner.query('SELECT * FROM activity ORDER BY 1, 2, 3, 4, 5'),
    }).toEqual(before);
    await expect(audit.violations()).resolves.toEqual([]);
    await expect(audit.violations({ full: true })).resolves.toEqual([]);

    // What was booked, lent and deposited before is known, and corrections still find their estimate.
    expect((await usage.apply(events)).map(({ status }) => status)).toEqual(events.map(() => 'duplicate'));
    await expect(deposits.create(deposit)).resolves.toMatchObject({ created: false });
    await expect(leases.topUp(topUp)).resolves.toMatchObject({ outcome: 'granted', grantedNanos: 5_100n });
    const real = usageEvent(grant, 300n, { generationId: estimate.generationId });
    await expect(usage.apply([incoming(real)])).resolves.toMatchObject([{ status: 'corrected', chargedNanos: 300n }]);
    await expect(owner.query('SELECT max(seq)::int AS last FROM transfer')).resolves.toEqual([
      { last: before.transfers.length + 1 },
    ]);
    await expect(owner.query('SELECT sum(requests)::int AS requests FROM activity')).resolves.toEqual([
      { requests: 4 },
    ]);
    await expect(owner.query('DELETE FROM transfer')).rejects.toThrow('append-only');
    await expect(audit.violations({ full: true })).resolves.toEqual([]);
  }, 60_000);
});
