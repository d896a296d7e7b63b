import { CreateDeposit, GrantLease, OpenAccount, UsageEvent, usageSubject } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { z } from 'zod';
import { grantRequest, usageEvent } from '../testing/builders.js';
import { createLedgerProcess, type LedgerProcess } from '../testing/ledger-process.js';

describe('the audit command', () => {
  let ledger: LedgerProcess;
  const accountId = randomUUID();

  const asOwner = async (sql: string) => {
    const client = new Client({ connectionString: ledger.ownerUrl, options: '-c search_path=ledger' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    ledger = await createLedgerProcess({ FULL_AUDIT_INTERVAL_MS: '300', AUDIT_INTERVAL_MS: '100' });
    await expect(ledger.command('migrate')).resolves.toMatchObject({ code: 0 });
    await ledger.start();
    await ledger.bus.rpc.call(OpenAccount, { accountId });
    const deposit = { accountId, amountNanos: 5_000n, source: 'test', externalId: 'one', note: null };
    await ledger.bus.rpc.call(CreateDeposit, deposit);
    const lease = grantRequest({ accountId, minNanos: 1_000n, wantNanos: 1_000n });
    await ledger.bus.rpc.call(GrantLease, lease);
    for (const event of [usageEvent(lease, 100n), usageEvent(lease, 90n, { boundNanos: 60n })])
      await ledger.bus.jetstream.publish(usageSubject(event.provider), JSON.stringify(z.encode(UsageEvent, event)), {
        messageId: event.generationId,
      });
  }, 60_000);

  afterAll(async () => {
    await ledger?.close();
  }, 30_000);

  it('says every check with its count, the totals, what is open, above its bound and behind, and reads sealed months if asked', async () => {
    const found = async (...args: string[]) => {
      const { code, log } = await ledger.command('audit-command', '--json', ...args);
      expect(code).toBe(0);
      return JSON.parse(log) as {
        checks: { invariant: string; count: number }[];
        totals: Record<string, string>;
        report: Record<string, unknown>;
        backlog: unknown;
      };
    };
    const settled = { lastSequence: 2, settledSequence: 2, waiting: 0 };
    await waitUntil(async () => JSON.stringify((await found()).backlog) === JSON.stringify(settled), {
      what: 'the usage is booked',
      timeoutMs: 20_000,
    });
    const open = await found();
    expect(open.totals).toMatchObject({
      depositedNanos: '5000',
      availableNanos: '4000',
      leasedNanos: '840',
      revenueNanos: '190',
      houseLossNanos: '30',
      trialBalanceNanos: '0',
    });
    expect(open.report).toMatchObject({
      openLeases: 1,
      waitingEstimates: 0,
      quarantined: 0,
      boundViolations: 1,
      overBoundNanos: '30',
    });
    expect(open.checks.every(({ count }) => count === 0)).toBe(true);
    const full = await found('--full');
    expect(full.checks.length).toBeGreaterThan(open.checks.length);
    expect(full.totals).toEqual(open.totals);
  }, 60_000);

  it('prints one fact a line, and ends with 1 when an invariant does not hold', async () => {
    const sound = await ledger.command('audit-command');
    expect(sound.code).toBe(0);
    expect(sound.log).toContain('ok       I1 debits equal credits: 0');
    expect(sound.log).toMatch(/above their bound +1, borne by the house: \$0\.00000003/);
    expect(sound.log).toContain('0 waiting, booked up to 2 of 2');
    await asOwner(`UPDATE account SET credits = credits + 1 WHERE owner_id = '${accountId}'`);
    const broken = await ledger.command('audit-command');
    expect(broken.code).toBe(1);
    expect(broken.log).toContain('VIOLATED I2 running totals are the sums of transfers: 1');
    await asOwner(`UPDATE account SET credits = credits - 1 WHERE owner_id = '${accountId}'`);
  }, 60_000);

  it('ends with 2 when there is nothing to audit', async () => {
    await expect(ledger.command('audit-command', '--fast')).resolves.toMatchObject({ code: 2 });
  }, 30_000);

  it('is made in full by the service as well: lending stops for a fault that only sealed months show', async () => {
    const metric = async () =>
      Number(/^switchyard_ledger_audit_violations\S* (\d+)/m.exec(await ledger.metrics())?.[1]);
    // Long after the last usage, when every lease is closed.
    await asOwner(`CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
      $$ SELECT clock_timestamp() + interval '3 months' $$`);
    await waitUntil(async () => (await asOwner(`SELECT 1 FROM lease WHERE state <> 'closed'`)).length === 0, {
      what: 'the leases are closed',
      timeoutMs: 20_000,
    });
    let sealed = 0;
    while ((await asOwner('SELECT seal_next_month() AS month'))[0]!['month'] !== null) sealed += 1;
    expect(sealed).toBeGreaterThan(2);
    // As an owner could who means harm. The month is that of the generations of these tests.
    const giveTo = async (key: string) => {
      await asOwner('ALTER TABLE usage_2025_11 DISABLE TRIGGER USER');
      await asOwner(`UPDATE usage_2025_11 SET key_id = '${key}'`);
      await asOwner('ALTER TABLE usage_2025_11 ENABLE TRIGGER USER');
    };
    const [usage] = await asOwner('SELECT key_id FROM usage_2025_11');
    await giveTo(randomUUID());
    await expect(ledger.command('audit-command')).resolves.toMatchObject({ code: 0 });
    await expect(ledger.command('audit-command', '--full')).resolves.toMatchObject({ code: 1 });
    await waitUntil(async () => (await metric()) > 0, { what: 'the audit is not empty', timeoutMs: 20_000 });
    await giveTo(String(usage!['key_id']));
    await expect(ledger.command('audit-command', '--full')).resolves.toMatchObject({ code: 0 });
  }, 90_000);
});
