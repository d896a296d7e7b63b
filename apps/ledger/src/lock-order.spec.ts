import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { grantRequest, incoming, TTL_MS, usageEvent, type GrantRequest } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';

/**
 * Batches lock leases, users and budgets in order of their keys, so that no two wait for each other in a circle. Each test makes
 * the row with the higher key first, so that it comes first in the table; holds the one with the lower key; and looks whether a
 * batch that waits for it has the other one already.
 */
describe('the lock order of a batch', () => {
  let bench: LedgerBench;
  let holder: Client;

  const account = async (): Promise<string> => {
    const accountId = randomUUID();
    await bench.accounts.open(accountId);
    await bench.deposits.create({
      accountId,
      amountNanos: 100_000n,
      source: 'test',
      externalId: accountId,
      note: null,
    });
    return accountId;
  };
  const lend = async (fields: Partial<GrantRequest> & { accountId: string }): Promise<GrantRequest> => {
    const request = grantRequest({ minNanos: 100n, wantNanos: 100n, ...fields });
    await expect(bench.leases.grant(request, TTL_MS)).resolves.toMatchObject({ outcome: 'granted' });
    return request;
  };
  const id = (first: string) => `${first.repeat(8)}${randomUUID().slice(8)}`;

  const expectOrder = async (options: {
    low: [string, string];
    high: [string, string];
    grants: readonly GrantRequest[];
  }) => {
    const [lowSql, lowId] = options.low;
    const [highSql, highId] = options.high;
    await holder.query('BEGIN');
    await holder.query(`${lowSql} FOR NO KEY UPDATE`, [lowId]);
    const batch = bench.usage.apply(options.grants.map((grant) => incoming(usageEvent(grant, 10n))));
    await waitUntil(
      async () => {
        const waiting = await bench.asOwner(
          `SELECT 1 FROM pg_stat_activity WHERE application_name = 'ledger' AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      },
      { what: 'the batch waits', intervalMs: 5 },
    );
    const free = await bench.asOwner(`${highSql} FOR NO KEY UPDATE SKIP LOCKED`, [highId]);
    await holder.query('ROLLBACK');
    expect((await batch).every(({ status }) => status === 'applied')).toBe(true);
    expect(free).toHaveLength(1);
  };

  beforeAll(async () => {
    bench = await startLedgerBench();
    holder = new Client({ connectionString: bench.ownerUrl, options: '-c search_path=ledger' });
    await holder.connect();
  }, 60_000);

  afterAll(async () => {
    await holder?.end();
    await bench?.stop();
  });

  it('takes leases by id', async () => {
    const accountId = await account();
    const high = await lend({ accountId, leaseId: id('f') });
    const low = await lend({ accountId, leaseId: id('0') });
    const sql = 'SELECT id FROM lease WHERE id = $1';
    await expectOrder({ low: [sql, low.leaseId], high: [sql, high.leaseId], grants: [high, low] });
  });

  it('takes budgets by scope', async () => {
    const accountId = await account();
    const scope = (scopeId: string) => ({
      scopeId,
      kind: 'key' as const,
      interval: 'total' as const,
      capNanos: 10_000n,
    });
    const [lowId, highId] = [id('0'), id('f')];
    const high = await lend({ accountId, budgets: [scope(highId)] });
    const low = await lend({ accountId, budgets: [scope(lowId)] });
    const sql = 'SELECT scope_id FROM budget WHERE scope_id = $1';
    await expectOrder({ low: [sql, lowId], high: [sql, highId], grants: [high, low] });
  });

  it('takes users by account', async () => {
    const [lowId, highId] = [await account(), await account()];
    const high = await lend({ accountId: highId });
    const low = await lend({ accountId: lowId });
    for (const grant of [high, low]) await bench.leases.close({ ...grant, keepNanos: 0n });
    const sql = 'SELECT id FROM account WHERE owner_id = $1';
    await expectOrder({ low: [sql, lowId], high: [sql, highId], grants: [high, low] });
  });
});
