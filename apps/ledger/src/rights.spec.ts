import { randomUUID } from 'node:crypto';
import { grantRequest, incoming, TTL_MS, usageEvent } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';

describe('I11: the rights of the ledger', () => {
  let bench: LedgerBench;

  beforeAll(async () => {
    bench = await startLedgerBench();
    const accountId = randomUUID();
    await bench.accounts.open(accountId);
    await bench.deposits.create({ accountId, amountNanos: 1_000n, source: 'test', externalId: 'one', note: null });
    const request = grantRequest({ accountId, minNanos: 100n, wantNanos: 100n });
    await bench.leases.grant(request, TTL_MS);
    await bench.usage.apply([incoming(usageEvent(request, 10n))]);
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  const tables = ['transfer', 'account', 'lease', 'budget', 'usage', 'deposit', 'house', 'key_spend', 'quarantine'];

  it.each(tables)('the service cannot insert, update, delete or empty %s', async (table) => {
    const [column] = await bench.asService<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 LIMIT 1`,
      [`ledger.${table}`],
    );
    for (const sql of [
      `INSERT INTO ${table} DEFAULT VALUES`,
      `UPDATE ${table} SET ${column!.name} = DEFAULT`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `DROP TABLE ${table}`,
    ])
      await expect(bench.asService(sql)).rejects.toThrow(/permission denied|must be owner/);
  });

  it.each(['transfer', 'usage', 'deposit'])('not even the owner changes a row of %s', async (table) => {
    await expect(bench.asOwner(`DELETE FROM ${table}`)).rejects.toThrow('append-only');
    await expect(bench.asOwner(`TRUNCATE ${table} CASCADE`)).rejects.toThrow('append-only');
  });

  it.each([
    `post(gen_random_uuid(), 1, 2, 1, 0, 'x')`,
    `give_back(NULL, 0)`,
    `post_all('{}', '{}', '{}', '{}', '{}', '{}')`,
    `book_usage('{}', '{}')`,
    `correct_usage(NULL, NULL, '{}')`,
    `reserve('{}', 1)`,
  ])('the service cannot call %s', async (call) => {
    await expect(bench.asService(`SELECT ${call}`)).rejects.toThrow('permission denied');
  });

  it('the service cannot put functions of its own in the way', async () => {
    await expect(
      bench.asService(`CREATE FUNCTION ledger.house_account(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`),
    ).rejects.toThrow('permission denied');
  });

  it('every function that runs as the owner has a fixed search path', async () => {
    const loose = await bench.asOwner(
      `SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace AND prosecdef AND proconfig IS NULL AND proname <> 'clock'`,
    );
    expect(loose).toEqual([]);
  });
});
