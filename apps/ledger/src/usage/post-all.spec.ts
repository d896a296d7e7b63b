import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly code?: number;
}

describe('the mover of many transfers', () => {
  let bench: LedgerBench;
  let house: string;
  /** What the transfers are said to belong to. */
  let leaseId: string;

  const accountRow = async (accountId: string): Promise<string> => {
    const [row] = await bench.asOwner('SELECT id FROM account WHERE owner_id = $1', [accountId]);
    return String(row!['id']);
  };
  const fund = async (amount: bigint) => {
    const accountId = await fundAccount(bench, amount);
    return { accountId, row: await accountRow(accountId) };
  };
  const postAll = async (transfers: readonly Transfer[]): Promise<unknown> => {
    const [row] = await bench.asOwner(
      'SELECT post_all($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::text[]) AS moved',
      [
        transfers.map(({ id }) => id),
        transfers.map(({ from }) => from),
        transfers.map(({ to }) => to),
        transfers.map(({ amount }) => amount.toString()),
        transfers.map(({ code }) => code ?? 1),
        transfers.map(() => leaseId),
      ],
    );
    return row!['moved'];
  };
  const availableOf = async (accountId: string) => (await bench.accounts.balance(accountId))!.availableNanos;

  beforeAll(async () => {
    bench = await startLedgerBench();
    house = String((await bench.asOwner(`SELECT house_account('promo') AS id`))[0]!['id']);
    leaseId = (await askForLease(bench, await fundAccount(bench, 10n), 10n)).request.leaseId;
  }, 60_000);

  afterEach(async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('moves each transfer once, also when one id stands in the list twice', async () => {
    const one = await fund(100n);
    const other = await fund(100n);
    const first = { id: randomUUID(), from: one.row, to: house, amount: 30n };
    const list = [first, first, { id: randomUUID(), from: one.row, to: house, amount: 5n }];
    await expect(postAll(list)).resolves.toBe('2');
    await expect(postAll([...list, { id: randomUUID(), from: other.row, to: house, amount: 1n }])).resolves.toBe('1');
    await expect(availableOf(one.accountId)).resolves.toBe(65n);
    await expect(availableOf(other.accountId)).resolves.toBe(99n);
  });

  it.each([
    ['amount', { amount: 31n }],
    ['code', { code: 5 }],
    ['accounts', { from: 'other' }],
  ])('I5: the same id with another %s raises, and nothing of the list moves', async (_, change) => {
    const one = await fund(100n);
    const other = await fund(100n);
    const first = { id: randomUUID(), from: one.row, to: house, amount: 30n };
    await postAll([first]);
    const changed = { ...first, ...change, ...('from' in change && { from: other.row }) };
    const fresh = { id: randomUUID(), from: one.row, to: house, amount: 7n };
    await expect(postAll([fresh, changed])).rejects.toThrow('exists with other fields');
    await expect(postAll([fresh, fresh, { ...fresh, amount: 8n }])).rejects.toThrow('exists with other fields');
    await expect(availableOf(one.accountId)).resolves.toBe(70n);
    await expect(availableOf(other.accountId)).resolves.toBe(100n);
  });

  it('I3: a list that would take an account below zero moves nothing at all', async () => {
    const one = await fund(10n);
    const other = await fund(10n);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    await expect(
      postAll([
        { id: ids[0]!, from: other.row, to: house, amount: 1n },
        { id: ids[1]!, from: one.row, to: house, amount: 6n },
        { id: ids[2]!, from: one.row, to: house, amount: 5n },
      ]),
    ).rejects.toThrow('no_overspend');
    await expect(availableOf(other.accountId)).resolves.toBe(10n);
    await expect(availableOf(one.accountId)).resolves.toBe(10n);
  });
});
