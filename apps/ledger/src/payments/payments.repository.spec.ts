import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { LedgerRepository } from '../database/ledger.repository.js';
import { RefundsRepository } from '../deposits/refunds.repository.js';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { PaymentsRepository, type Fee, type ToldBy } from './payments.repository.js';

const NO_FEE: Fee = { ppm: 0n, minNanos: 0n };
const usd = (amountNanos: bigint) => ({ amountNanos, currency: 'usd' });

describe('payments in the books', () => {
  let bench: LedgerBench;
  let payments: PaymentsRepository;
  let refunds: RefundsRepository;

  beforeAll(async () => {
    bench = await startLedgerBench();
    const ledger = new LedgerRepository(bench.dataSource);
    payments = new PaymentsRepository(ledger);
    refunds = new RefundsRepository(ledger);
  }, 60_000);
  afterAll(() => bench?.stop());

  const told = (intent: string, type = 'checkout.session.completed'): ToldBy => ({
    eventId: `evt_${randomUUID()}`,
    type,
    intent,
  });
  const newIntent = () => `pi_${randomUUID()}`;
  const balance = async (accountId: string) => (await bench.accounts.balance(accountId))!;
  const statement = async (accountId: string) =>
    (await bench.deposits.list({ accountId, kinds: [], offset: 0, limit: 100 })).entries
      .map(({ kind, amountNanos, feeNanos }) => [kind, amountNanos, feeNanos])
      .reverse();
  const buy = async (amountNanos: bigint, fee = NO_FEE) => {
    const accountId = await fundAccount(bench, 0n);
    const intent = newIntent();
    await expect(payments.take(told(intent), accountId, usd(amountNanos), fee)).resolves.toBe('applied');
    const { entries } = await bench.deposits.list({ accountId, kinds: ['purchase'], offset: 0, limit: 1 });
    return { accountId, intent, depositId: entries[0]!.id };
  };
  const spend = async (accountId: string, amountNanos: bigint) => {
    const { request } = await askForLease(bench, accountId, amountNanos);
    await bench.usage.apply([incoming(usageEvent(request, amountNanos))]);
    await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
  };
  const refund = (
    accountId: string,
    depositId: string,
    amountNanos: bigint | null,
    externalId: string = randomUUID(),
    stepNanos = 1n,
  ) => refunds.begin({ accountId, depositId, amountNanos, externalId, note: null }, stepNanos);

  describe('a purchase', () => {
    it('moves money once, told twice, under two types, and by many at once', async () => {
      const accountId = await fundAccount(bench, 0n);
      const intent = newIntent();
      const event = told(intent);
      const all = await Promise.all(
        [event, event, told(intent, 'payment_intent.succeeded'), event, told(intent)].map((by) =>
          payments.take(by, accountId, usd(10_000n), NO_FEE),
        ),
      );
      expect(all.toSorted()).toEqual(['applied', 'duplicate', 'duplicate', 'duplicate', 'duplicate']);
      expect((await balance(accountId)).availableNanos).toBe(10_000n);
      const [row] = await bench.asService<{ status: string; deliveries: number }>(
        'SELECT status, deliveries FROM payment_event WHERE id = $1',
        [event.eventId],
      );
      expect(row).toMatchObject({ deliveries: 3 });
    });

    it('keeps the fee for the house, in parts of a million and at least the minimum', async () => {
      const dear = await buy(10_000n, { ppm: 55_000n, minNanos: 0n });
      expect(await statement(dear.accountId)).toEqual([['purchase', 9_450n, 550n]]);
      const small = await buy(10_000n, { ppm: 55_000n, minNanos: 800n });
      expect(await statement(small.accountId)).toEqual([['purchase', 9_200n, 800n]]);
      const odd = await buy(9_999n, { ppm: 1n, minNanos: 0n });
      expect(await statement(odd.accountId)).toEqual([['purchase', 9_998n, 1n]]);
      expect((await balance(dear.accountId)).depositedNanos).toBe(9_450n);
    });

    it('is not booked in another currency, for nobody, for nothing or for less than its fee, and is kept for people', async () => {
      const accountId = await fundAccount(bench, 0n);
      const fee = { ppm: 0n, minNanos: 800n };
      const refused = [
        payments.take(told(newIntent()), accountId, { amountNanos: 10_000n, currency: 'eur' }, fee),
        payments.take(told(newIntent()), randomUUID(), usd(10_000n), fee),
        payments.take(told(newIntent()), accountId, usd(0n), fee),
        payments.take(told(newIntent()), accountId, usd(-5n), fee),
        payments.take(told(newIntent()), accountId, usd(1_000_000_000_000_000_001n), fee),
        payments.take(told(newIntent()), accountId, usd(800n), fee),
      ];
      const reasons = await Promise.all(refused);
      expect(reasons).toEqual([
        'wrong_currency',
        'unknown_account',
        'bad_amount',
        'bad_amount',
        'bad_amount',
        'below_fee',
      ]);
      expect((await balance(accountId)).availableNanos).toBe(0n);
      const kept = await bench.asService<{ status: string }>(
        'SELECT status FROM payment_event WHERE status = ANY ($1)',
        [reasons],
      );
      expect(kept).toHaveLength(6);
    });

    it('is not booked again with another amount or for another account', async () => {
      const { accountId, intent } = await buy(10_000n);
      const other = await fundAccount(bench, 0n);
      await expect(payments.take(told(intent), accountId, usd(20_000n), NO_FEE)).resolves.toBe('contradiction');
      await expect(payments.take(told(intent), other, usd(10_000n), NO_FEE)).resolves.toBe('contradiction');
      expect((await balance(accountId)).availableNanos).toBe(10_000n);
      expect((await balance(other)).availableNanos).toBe(0n);
    });

    it('is booked when it is told again after its account was opened', async () => {
      const accountId = randomUUID();
      const event = told(newIntent());
      await expect(payments.take(event, accountId, usd(5n), NO_FEE)).resolves.toBe('unknown_account');
      await bench.accounts.open(accountId);
      await expect(payments.take(event, accountId, usd(5n), NO_FEE)).resolves.toBe('applied');
    });
  });

  describe('a refund that was made at the payment provider', () => {
    it('is taken from the account, in parts and told in any order', async () => {
      const { accountId, intent } = await buy(10_000n);
      await payments.refunded(told(intent, 'charge.refunded'), usd(7_000n));
      await payments.refunded(told(intent, 'charge.refunded'), usd(5_000n));
      expect((await balance(accountId)).availableNanos).toBe(3_000n);
      await payments.refunded(told(intent, 'charge.refunded'), usd(10_000n));
      expect(await statement(accountId)).toEqual([
        ['purchase', 10_000n, 0n],
        ['refund', -7_000n, 0n],
        ['refund', -3_000n, 0n],
      ]);
    });

    it('takes no more than was given when the fee is refunded as well', async () => {
      const { accountId, intent } = await buy(10_000n, { ppm: 100_000n, minNanos: 0n });
      await payments.refunded(told(intent), usd(10_000n));
      expect(await balance(accountId)).toMatchObject({ availableNanos: 0n, depositedNanos: 0n, spentNanos: 0n });
    });

    it('is remembered when it is heard of before the payment', async () => {
      const accountId = await fundAccount(bench, 0n);
      const intent = newIntent();
      await payments.refunded(told(intent), usd(4_000n));
      await payments.take(told(intent), accountId, usd(10_000n), NO_FEE);
      expect((await balance(accountId)).availableNanos).toBe(6_000n);
    });

    it('takes what is lent when it comes back, and what was spent from what is paid in next', async () => {
      const { accountId, intent } = await buy(10_000n);
      await spend(accountId, 4_000n);
      const { request } = await askForLease(bench, accountId, 5_000n);
      await payments.refunded(told(intent), usd(10_000n));
      expect((await balance(accountId)).availableNanos).toBe(0n);
      expect(await payments.owing(100)).not.toContain(intent);
      await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
      expect(await payments.owing(100)).toContain(intent);
      expect(await payments.collect(intent)).toBe(5_000n);
      await bench.deposits.create({
        accountId,
        amountNanos: 6_000n,
        source: 'test',
        externalId: randomUUID(),
        note: null,
      });
      expect(await payments.collect(intent)).toBe(4_000n);
      expect(await payments.owing(100)).not.toContain(intent);
      expect(await balance(accountId)).toMatchObject({ availableNanos: 2_000n, spentNanos: 4_000n });
    });
  });

  describe('a dispute', () => {
    const dispute = (intent: string, state: 'open' | 'won' | 'lost', id: string, amountNanos = 10_000n) =>
      payments.disputed(told(intent, 'charge.dispute.created'), { id, state }, usd(amountNanos));

    it('takes the money, and gives it back when it is won', async () => {
      const { accountId, intent } = await buy(10_000n);
      await spend(accountId, 3_000n);
      await dispute(intent, 'open', `dp_${intent}`);
      expect((await balance(accountId)).availableNanos).toBe(0n);
      await dispute(intent, 'won', `dp_${intent}`);
      expect(await statement(accountId)).toEqual([
        ['purchase', 10_000n, 0n],
        ['dispute', -7_000n, 0n],
        ['reversal', 7_000n, 0n],
      ]);
      expect(await balance(accountId)).toMatchObject({ availableNanos: 7_000n, spentNanos: 3_000n });
    });

    it('is not opened again by an older message', async () => {
      const { accountId, intent } = await buy(10_000n);
      await dispute(intent, 'won', `dp_${intent}`);
      await dispute(intent, 'open', `dp_${intent}`);
      expect((await balance(accountId)).availableNanos).toBe(10_000n);
    });

    it('and a refund together take no more than the payment brought', async () => {
      const { accountId, intent } = await buy(10_000n);
      await bench.deposits.create({
        accountId,
        amountNanos: 50_000n,
        source: 'test',
        externalId: randomUUID(),
        note: null,
      });
      await payments.refunded(told(intent), usd(6_000n));
      await dispute(intent, 'open', `dp_${intent}`, 10_000n);
      expect((await balance(accountId)).availableNanos).toBe(50_000n);
    });
  });

  describe('a refund that is asked for here', () => {
    it('gives back unused credit only, and says how much that is', async () => {
      const { accountId, depositId } = await buy(10_000n);
      await spend(accountId, 4_000n);
      await expect(refund(accountId, depositId, 6_001n)).resolves.toEqual({
        outcome: 'too_much',
        refundableNanos: 6_000n,
      });
      await expect(refund(accountId, depositId, 2_000n)).resolves.toMatchObject({
        outcome: 'created',
        state: 'pending',
      });
      await expect(refund(accountId, depositId, null)).resolves.toMatchObject({
        amountNanos: 4_000n,
        availableNanos: 0n,
      });
      await expect(refund(accountId, depositId, null)).resolves.toEqual({ outcome: 'too_much', refundableNanos: 0n });
    });

    it('happens once per id, also when many ask at once', async () => {
      const { accountId, depositId } = await buy(10_000n);
      const all = await Promise.all(Array.from({ length: 8 }, () => refund(accountId, depositId, 3_000n, 'once')));
      expect(all.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
      expect(new Set(all.map((each) => 'refundId' in each && each.refundId)).size).toBe(1);
      expect((await balance(accountId)).availableNanos).toBe(7_000n);
      await expect(refund(accountId, depositId, 3_001n, 'once')).rejects.toMatchObject({ code: 'conflict' });
    });

    it('never gives back what was promised to expire, nor the deposit of somebody else', async () => {
      const { accountId, depositId } = await buy(10_000n);
      const stranger = await fundAccount(bench, 5n);
      await bench.asOwner(`SELECT * FROM grant_promo(gen_random_uuid(), $1, 500, $2, NULL, now() + interval '1 day')`, [
        accountId,
        randomUUID(),
      ]);
      await spend(accountId, 100n);
      await expect(refund(accountId, depositId, 10_001n)).resolves.toEqual({
        outcome: 'too_much',
        refundableNanos: 10_000n,
      });
      const [gift] = (await bench.deposits.list({ accountId, kinds: ['promo'], offset: 0, limit: 1 })).entries;
      await expect(refund(accountId, gift!.id, 1n)).resolves.toEqual({ outcome: 'no_deposit' });
      await expect(refund(stranger, depositId, 1n)).resolves.toEqual({ outcome: 'no_deposit' });
    });

    it('is not taken a second time when the payment provider tells of it', async () => {
      const { accountId, depositId, intent } = await buy(10_000n);
      await refund(accountId, depositId, 3_000n);
      await payments.refunded(told(intent), usd(3_000n));
      expect((await balance(accountId)).availableNanos).toBe(7_000n);
      // Another one, made by hand at the provider.
      await payments.refunded(told(intent), usd(5_000n));
      expect((await balance(accountId)).availableNanos).toBe(5_000n);
    });

    it('comes back to the account, once, when the payment provider cannot carry it out', async () => {
      const { accountId, depositId } = await buy(10_000n);
      const begun = await refund(accountId, depositId, 3_000n);
      const refundId = 'refundId' in begun ? begun.refundId : '';
      await expect(refunds.next(refundId, 60_000)).resolves.toMatchObject({ refundId, amountNanos: 3_000n });
      await expect(refunds.next(refundId, 60_000)).resolves.toBeNull();
      const failed = { providerId: 're_1', state: 'failed', error: 'expired_or_canceled_card' } as const;
      await expect(refunds.end(refundId, failed)).resolves.toBe(true);
      await expect(refunds.end(refundId, failed)).resolves.toBe(false);
      await expect(refunds.end(null, failed)).resolves.toBe(false);
      expect(await balance(accountId)).toMatchObject({ availableNanos: 10_000n, depositedNanos: 10_000n });
      await expect(refund(accountId, depositId, null)).resolves.toMatchObject({ amountNanos: 10_000n });
    });

    it('of a deposit made by hand is done at once', async () => {
      const accountId = await fundAccount(bench, 1_000n);
      const [deposit] = (await bench.deposits.list({ accountId, kinds: [], offset: 0, limit: 1 })).entries;
      await expect(refund(accountId, deposit!.id, 400n)).resolves.toMatchObject({ outcome: 'created', state: 'done' });
      const told = await bench.asService(
        'SELECT 1 FROM provider_refund r JOIN withdrawal w ON w.id = r.withdrawal_id WHERE w.owner_id = $1',
        [accountId],
      );
      expect(told).toEqual([]);
    });

    it('of a purchase gives whole cents back, because nothing less can be paid', async () => {
      const { accountId, depositId } = await buy(10_000n);
      await spend(accountId, 1n);
      await expect(refund(accountId, depositId, 150n, 'x', 100n)).resolves.toEqual({ outcome: 'not_payable' });
      await expect(refund(accountId, depositId, null, 'y', 100n)).resolves.toMatchObject({ amountNanos: 9_900n });
    });
  });

  it('ends the same in whatever order and how often the messages come', async () => {
    const messages = ['paid', 'paid', 'refund 3', 'refund 5', 'refund 5', 'dispute', 'won'] as const;
    const seed = Date.now() % 2 ** 31;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...messages], { minLength: messages.length }), async (order) => {
        const accountId = await fundAccount(bench, 0n);
        const intent = newIntent();
        for (const message of order) {
          if (message === 'paid') await payments.take(told(intent), accountId, usd(10n), NO_FEE);
          else if (message === 'dispute')
            await payments.disputed(told(intent), { id: `dp_${intent}`, state: 'open' }, usd(2n));
          else if (message === 'won')
            await payments.disputed(told(intent), { id: `dp_${intent}`, state: 'won' }, usd(2n));
          else await payments.refunded(told(intent), usd(BigInt(message.slice(7))));
        }
        expect({ order, left: (await balance(accountId)).availableNanos }).toEqual({ order, left: 5n });
      }),
      { numRuns: 30, seed },
    );
  });
});
