import { randomUUID } from 'node:crypto';
import { fundAccount } from '../testing/accounts.js';
import { paidIntent, paidSession, startPaymentsBench, type PaymentsBench } from './testing/payments-bench.js';

const USD = 1_000_000_000n;
const FEE = { ppm: 55_000n, minNanos: 800_000_000n };

describe('purchases and their refunds', () => {
  let bench: PaymentsBench;

  beforeAll(async () => {
    bench = await startPaymentsBench(FEE);
  }, 60_000);
  beforeEach(() => {
    bench.stripe.calls.length = 0;
    bench.stripe.faults = [];
  });
  afterAll(() => bench?.stop());

  const checkout = (accountId: string, amountNanos: bigint, fields: object = {}) =>
    bench.checkouts.create({ accountId, amountNanos, savePaymentMethod: false, externalId: null, ...fields });
  const buy = async (cents: number, intent = `pi_${randomUUID()}`) => {
    const accountId = await fundAccount(bench.ledger, 0n);
    await bench.deliver('checkout.session.completed', paidSession(accountId, intent, cents));
    const { entries } = await bench.ledger.deposits.list({ accountId, kinds: ['purchase'], offset: 0, limit: 1 });
    return { accountId, intent, depositId: entries[0]!.id };
  };
  const refund = (
    of: { accountId: string; depositId: string },
    amountNanos: bigint | null,
    externalId = randomUUID() as string,
  ) => bench.refunds.create({ ...of, amountNanos, externalId, note: null });

  it('start with a session of Stripe that says who buys and how much, and nothing is booked', async () => {
    const accountId = await fundAccount(bench.ledger, 0n);
    await expect(checkout(accountId, 20n * USD)).resolves.toMatchObject({
      url: expect.stringMatching(/^https:\/\/checkout\.stripe\.com\//),
      amountNanos: 20n * USD,
      feeNanos: 1_100_000_000n,
      creditNanos: 18_900_000_000n,
    });
    const [call] = bench.stripe.callsTo('/v1/checkout/sessions');
    expect(call!.form).toMatchObject({
      mode: 'payment',
      'line_items[0][price_data][unit_amount]': '2000',
      'line_items[0][price_data][currency]': 'usd',
      'metadata[account_id]': accountId,
      'payment_intent_data[metadata][account_id]': accountId,
      success_url: 'https://shop.example/thanks',
    });
    expect(call!.form).not.toHaveProperty('payment_intent_data[setup_future_usage]');
    expect(call!.authorization).toBe('Bearer sk_test_0123456789abcdef');
    expect(await bench.balanceOf(accountId)).toBe(0n);
  });

  it('save the card where that is asked for, and use the same customer the next time', async () => {
    const accountId = await fundAccount(bench.ledger, 0n);
    await checkout(accountId, 20n * USD, { savePaymentMethod: true });
    const [first] = bench.stripe.callsTo('/v1/checkout/sessions');
    expect(first!.form).toMatchObject({
      'payment_intent_data[setup_future_usage]': 'off_session',
      customer_creation: 'always',
    });
    const metadata = { account_id: accountId, save: 'yes' };
    await bench.deliver(
      'payment_intent.succeeded',
      paidIntent(accountId, 'pi_saving', 2_000, { metadata, customer: 'cus_1', payment_method: 'pm_fine' }),
    );
    await checkout(accountId, 20n * USD, { savePaymentMethod: true });
    const [, second] = bench.stripe.callsTo('/v1/checkout/sessions');
    expect(second!.form).toMatchObject({ customer: 'cus_1' });
    expect(second!.form).not.toHaveProperty('customer_creation');
  });

  it('answer the same session for the same id', async () => {
    const accountId = await fundAccount(bench.ledger, 0n);
    const first = await checkout(accountId, 20n * USD, { externalId: 'order-1' });
    await expect(checkout(accountId, 20n * USD, { externalId: 'order-1' })).resolves.toEqual(first);
  });

  it.each([0n, -1n, -20n * USD, 1n, 490_000_000n, 20n * USD + 1n, 1_000_000n * USD, 10n ** 19n, 800_000_000n])(
    'are refused for %s nano-USD before Stripe is asked',
    async (amount) => {
      const accountId = await fundAccount(bench.ledger, 0n);
      await expect(checkout(accountId, amount)).rejects.toMatchObject({ code: 'invalid_request' });
      expect(bench.stripe.calls).toEqual([]);
    },
  );

  it('are refused for an account that does not exist, and say when Stripe cannot be reached', async () => {
    await expect(checkout(randomUUID(), 20n * USD)).rejects.toMatchObject({ code: 'not_found' });
    const accountId = await fundAccount(bench.ledger, 0n);
    bench.stripe.faults = ['cut before', 'cut before'];
    await expect(checkout(accountId, 20n * USD)).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('say so when Stripe refuses, without its words', async () => {
    const accountId = await fundAccount(bench.ledger, 0n);
    await checkout(accountId, 20n * USD, { externalId: 'order-2' });
    // The same id with another amount: Stripe does not take it for the same call.
    await expect(checkout(accountId, 21n * USD, { externalId: 'order-2' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('charge the fee that was announced', async () => {
    const { accountId } = await buy(2_000);
    expect(await bench.balanceOf(accountId)).toBe(18_900_000_000n);
    const small = await buy(100);
    expect(await bench.balanceOf(small.accountId)).toBe(200_000_000n);
  });

  describe('are refunded', () => {
    it('at Stripe, once, without the fee', async () => {
      const bought = await buy(2_000);
      await expect(refund(bought, null, 'whole')).resolves.toMatchObject({
        state: 'done',
        created: true,
        amountNanos: 18_900_000_000n,
        availableNanos: 0n,
      });
      await expect(refund(bought, null, 'whole')).resolves.toMatchObject({ state: 'done', created: false });
      const made = bench.stripe.callsTo('/v1/refunds');
      expect(made).toHaveLength(1);
      expect(made[0]!.form).toMatchObject({ amount: '1890', payment_intent: bought.intent });
    });

    it('once when the answer of Stripe was lost: the money is out of the account and the same refund is asked for again', async () => {
      const bought = await buy(2_000);
      bench.stripe.faults = ['cut after', 'cut after'];
      await expect(refund(bought, 5n * USD)).resolves.toMatchObject({
        state: 'pending',
        availableNanos: 13_900_000_000n,
      });
      await bench.ledger.setClock(new Date(Date.now() + 61_000));
      await bench.refunds.sendDue();
      await bench.ledger.setClock(null);
      const keys = bench.stripe.callsTo('/v1/refunds').map(({ idempotencyKey }) => idempotencyKey);
      expect(new Set(keys).size).toBe(1);
      const refunds = [...bench.stripe.objects.values()].filter((made) => made['payment_intent'] === bought.intent);
      expect(refunds).toHaveLength(1);
      await expect(stateOf(bought.accountId)).resolves.toEqual(['done']);
    });

    it('not, when Stripe refuses: the credit comes back', async () => {
      const bought = await buy(2_000, `pi_${randomUUID()}_refunded`);
      await expect(refund(bought, 5n * USD)).resolves.toMatchObject({ state: 'failed' });
      expect(await bench.balanceOf(bought.accountId)).toBe(18_900_000_000n);
    });

    it('not, when a slow refund fails later, told twice', async () => {
      const bought = await buy(2_000, `pi_${randomUUID()}_slow`);
      await expect(refund(bought, 5n * USD)).resolves.toMatchObject({ state: 'pending' });
      const made = [...bench.stripe.objects.values()].find((object) => object['payment_intent'] === bought.intent)!;
      const failed = { ...made, status: 'failed', failure_reason: 'lost_or_stolen_card' };
      await expect(bench.deliver('refund.failed', failed)).resolves.toBe('applied');
      await expect(bench.deliver('refund.updated', failed)).resolves.toBe('ignored');
      expect(await bench.balanceOf(bought.accountId)).toBe(18_900_000_000n);
    });

    it('in whole cents and within what is unused', async () => {
      const bought = await buy(2_000);
      await expect(refund(bought, 1n)).rejects.toMatchObject({ code: 'invalid_request' });
      await expect(refund(bought, 0n)).rejects.toMatchObject({ code: 'invalid_request' });
      await expect(refund(bought, 19n * USD)).rejects.toMatchObject({
        code: 'unprocessable',
        metadata: { refundable: '18.9' },
      });
      await expect(refund({ ...bought, depositId: randomUUID() }, 1n * USD)).rejects.toMatchObject({
        code: 'not_found',
      });
    });
  });

  const stateOf = async (accountId: string) =>
    (
      await bench.ledger.asService<{ state: string }>(
        'SELECT r.state FROM provider_refund r JOIN withdrawal w ON w.id = r.withdrawal_id WHERE w.owner_id = $1',
        [accountId],
      )
    ).map(({ state }) => state);
});
