import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { paidIntent, paidSession, startPaymentsBench, type PaymentsBench } from './testing/payments-bench.js';

const USD = 1_000_000_000n;
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 3, 9);

describe('automatic top-up', () => {
  let bench: PaymentsBench;
  let now = START;

  beforeAll(async () => {
    bench = await startPaymentsBench();
  }, 60_000);
  beforeEach(async () => {
    // What earlier tests left due is not of this one.
    await bench.ledger.asOwner('DELETE FROM auto_top_up');
    bench.stripe.faults = [];
    bench.stripe.calls.length = 0;
    await at(0);
  });
  afterAll(() => bench?.stop());

  const at = async (ms: number) => {
    now = START + ms;
    await bench.ledger.setClock(new Date(now));
  };
  /** An account that bought 20 dollars and saved its card. */
  const customer = async (method = 'pm_fine') => {
    const accountId = await fundAccount(bench.ledger, 0n);
    const metadata = { account_id: accountId, save: 'yes' };
    const [intent, name] = [`pi_${randomUUID()}`, `cus_${accountId}`];
    await bench.deliver(
      'checkout.session.completed',
      paidSession(accountId, intent, 2_000, { metadata, customer: name }),
    );
    if (method !== 'looked up')
      await bench.deliver(
        'payment_intent.succeeded',
        paidIntent(accountId, intent, 2_000, { metadata, customer: name, payment_method: method }),
      );
    return accountId;
  };
  const set = (accountId: string, threshold = 5n * USD, amount = 10n * USD) =>
    bench.topUps.set({ accountId, thresholdNanos: threshold, amountNanos: amount });
  const spend = async (accountId: string, amountNanos: bigint) => {
    const { request } = await askForLease(bench.ledger, accountId, amountNanos);
    await bench.ledger.usage.apply([incoming(usageEvent(request, amountNanos))]);
    await bench.ledger.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
  };
  const stateOf = async (accountId: string) => (await bench.topUps.find({ accountId })).autoTopUp!;
  const charges = (accountId: string) =>
    bench.stripe.charged.filter((intent) => (intent['metadata'] as { account_id: string }).account_id === accountId);
  const lowEvents = (accountId: string) =>
    bench.ledger.asService(
      `SELECT payload FROM outbox WHERE subject = 'ledger.v1.event.balance.low' AND payload->>'accountId' = $1`,
      [accountId],
    );

  it('charges the saved card once when the balance falls below the threshold, and tells of the fall', async () => {
    const accountId = await customer();
    await expect(set(accountId)).resolves.toMatchObject({ autoTopUp: { state: 'armed' }, paymentMethodSaved: true });
    await spend(accountId, 15n * USD);
    expect(await bench.topUps.chargeDue()).toBe(0);
    await spend(accountId, 1n);
    expect(await stateOf(accountId)).toMatchObject({ state: 'due' });
    expect(await bench.topUps.chargeDue()).toBe(1);
    expect(await bench.topUps.chargeDue()).toBe(0);
    expect(await bench.balanceOf(accountId)).toBe(15n * USD - 1n);
    expect(charges(accountId)).toHaveLength(1);
    expect(await stateOf(accountId)).toMatchObject({ state: 'armed', failures: 0, lastError: null });
    expect(await lowEvents(accountId)).toEqual([
      { payload: expect.objectContaining({ balanceNanos: String(5n * USD - 1n), thresholdNanos: String(5n * USD) }) },
    ]);
    const [call] = bench.stripe.callsTo('/v1/payment_intents');
    expect(call!.form).toMatchObject({
      amount: '1000',
      currency: 'usd',
      off_session: 'true',
      payment_method: 'pm_fine',
    });
    expect(call!.idempotencyKey).toMatch(/^top-up:/);
  });

  it('does not count money as gone that is only lent', async () => {
    const accountId = await customer();
    await set(accountId);
    const { request } = await askForLease(bench.ledger, accountId, 19n * USD);
    expect(await stateOf(accountId)).toMatchObject({ state: 'armed' });
    await bench.ledger.usage.apply([incoming(usageEvent(request, 16n * USD))]);
    await askForLease(bench.ledger, accountId, 1n);
    expect(await stateOf(accountId)).toMatchObject({ state: 'due' });
  });

  it('is not asked for by a balance that is low already, until it is set', async () => {
    const accountId = await customer();
    await spend(accountId, 18n * USD);
    expect(await bench.topUps.chargeDue()).toBe(0);
    await expect(set(accountId)).resolves.toMatchObject({ autoTopUp: { state: 'due' } });
  });

  it('is left alone when money came in meanwhile', async () => {
    const accountId = await customer();
    await set(accountId);
    await spend(accountId, 16n * USD);
    await fund(accountId, 10n * USD);
    expect(await bench.topUps.chargeDue()).toBe(0);
    expect(await stateOf(accountId)).toMatchObject({ state: 'armed' });
    expect(charges(accountId)).toEqual([]);
  });

  it('tries again after ten minutes and after an hour when the card is declined, and gives up the third time', async () => {
    const accountId = await customer('pm_declined');
    await set(accountId);
    await spend(accountId, 16n * USD);
    const tries = async () => (await bench.topUps.chargeDue()) > 0;
    expect(await tries()).toBe(true);
    expect(await stateOf(accountId)).toMatchObject({ state: 'due', failures: 1, lastError: 'insufficient_funds' });
    await at(10 * MINUTE_MS - 1);
    expect(await tries()).toBe(false);
    await at(10 * MINUTE_MS);
    expect(await tries()).toBe(true);
    await at(60 * MINUTE_MS);
    expect(await tries()).toBe(false);
    await at(70 * MINUTE_MS);
    expect(await tries()).toBe(true);
    expect(await stateOf(accountId)).toMatchObject({ state: 'off', failures: 3 });
    await at(10_000 * MINUTE_MS);
    await spend(accountId, 1n);
    expect(await tries()).toBe(false);
    // Every try was another one for Stripe.
    const keys = bench.stripe.callsTo('/v1/payment_intents').map(({ idempotencyKey }) => idempotencyKey);
    expect(new Set(keys).size).toBe(3);
    await expect(set(accountId)).resolves.toMatchObject({ autoTopUp: { state: 'due', failures: 0 } });
  });

  it.each(['cut after', 'cut before', 'unavailable'] as const)(
    'charges once when a call was "%s": the outcome is unknown, and the same try is made again',
    async (fault) => {
      const accountId = await customer();
      await set(accountId);
      await spend(accountId, 16n * USD);
      // The library tries once more by itself.
      bench.stripe.faults = [fault, fault];
      expect(await bench.topUps.chargeDue()).toBe(1);
      expect(await bench.balanceOf(accountId)).toBe(4n * USD);
      expect(await stateOf(accountId)).toMatchObject({ state: 'charging', failures: 0 });
      expect(await bench.topUps.chargeDue()).toBe(0);
      await at(MINUTE_MS);
      expect(await bench.topUps.chargeDue()).toBe(1);
      expect(await bench.balanceOf(accountId)).toBe(14n * USD);
      expect(charges(accountId)).toHaveLength(1);
    },
    20_000,
  );

  it('is booked once when Stripe tells of it before and after the answer', async () => {
    const accountId = await customer();
    await set(accountId);
    await spend(accountId, 16n * USD);
    bench.stripe.faults = ['cut after', 'cut after'];
    await bench.topUps.chargeDue();
    const [paid] = charges(accountId);
    await expect(bench.deliver('payment_intent.succeeded', paid!)).resolves.toBe('applied');
    expect(await stateOf(accountId)).toMatchObject({ state: 'armed' });
    await at(2 * MINUTE_MS);
    expect(await bench.topUps.chargeDue()).toBe(0);
    await expect(bench.deliver('payment_intent.succeeded', paid!)).resolves.toBe('duplicate');
    expect(await bench.balanceOf(accountId)).toBe(14n * USD);
  });

  it('has one try under way while a slow payment is decided, and takes its success or failure as it comes', async () => {
    const accountId = await customer('pm_slow');
    await set(accountId);
    await spend(accountId, 16n * USD);
    await bench.topUps.chargeDue();
    expect(await bench.balanceOf(accountId)).toBe(4n * USD);
    await at(MINUTE_MS);
    await bench.topUps.chargeDue();
    const made = bench.stripe.callsTo('/v1/payment_intents');
    expect(made).toHaveLength(1);
    const metadata = { account_id: accountId, top_up_attempt: made[0]!.form['metadata[top_up_attempt]'] };
    const failed = paidIntent(accountId, 'pi_x', 0, { metadata, last_payment_error: { code: 'debit_not_authorized' } });
    await expect(bench.deliver('payment_intent.payment_failed', failed)).resolves.toBe('applied');
    await expect(bench.deliver('payment_intent.payment_failed', failed)).resolves.toBe('ignored');
    expect(await stateOf(accountId)).toMatchObject({ state: 'due', failures: 1, lastError: 'debit_not_authorized' });
  });

  it('is made by one ledger only, of many that see it due', async () => {
    const accountId = await customer();
    await set(accountId);
    await spend(accountId, 16n * USD);
    const all = await Promise.all(Array.from({ length: 6 }, () => bench.topUps.chargeDue()));
    expect(all.reduce((sum, each) => sum + each, 0)).toBe(1);
    expect(charges(accountId)).toHaveLength(1);
  });

  it('looks up a card that was saved before Stripe told which', async () => {
    const accountId = await customer('looked up');
    await set(accountId);
    await spend(accountId, 16n * USD);
    await bench.topUps.chargeDue();
    expect(charges(accountId)).toHaveLength(1);
  });

  it('is given up when nobody learned the outcome before Stripe forgets the try', async () => {
    const accountId = await customer();
    await set(accountId);
    await spend(accountId, 16n * USD);
    bench.stripe.faults = ['cut before', 'cut before'];
    await bench.topUps.chargeDue();
    await at(24 * 60 * MINUTE_MS);
    expect(await bench.topUps.chargeDue()).toBe(0);
    expect(await stateOf(accountId)).toMatchObject({ state: 'off', lastError: 'outcome_unknown' });
  });

  it('keeps the amount of a try under way when the setting changes', async () => {
    const accountId = await customer();
    await set(accountId);
    await spend(accountId, 16n * USD);
    bench.stripe.faults = ['cut after', 'cut after'];
    await bench.topUps.chargeDue();
    await set(accountId, 5n * USD, 30n * USD);
    await at(MINUTE_MS);
    await bench.topUps.chargeDue();
    expect(await bench.balanceOf(accountId)).toBe(14n * USD);
    expect(charges(accountId)).toHaveLength(1);
  });

  it('asks for a saved card, and for amounts that can be charged', async () => {
    const accountId = await fundAccount(bench.ledger, 1n);
    await expect(set(accountId)).rejects.toMatchObject({ code: 'conflict' });
    await expect(set(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
    for (const amount of [0n, -1n, 1n, 499_999_999n, 10n * USD + 1n, 1_000_000n * USD, 10n ** 19n])
      await expect(set(accountId, 5n * USD, amount)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(set(accountId, 10n ** 19n)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await bench.topUps.find({ accountId })).toEqual({ autoTopUp: null, paymentMethodSaved: false });
  });

  it('can be switched off', async () => {
    const accountId = await customer();
    await set(accountId);
    await expect(bench.topUps.delete({ accountId })).resolves.toEqual({ deleted: true });
    await expect(bench.topUps.delete({ accountId })).resolves.toEqual({ deleted: false });
    await spend(accountId, 16n * USD);
    expect(await bench.topUps.chargeDue()).toBe(0);
  });

  const fund = (accountId: string, amountNanos: bigint) =>
    bench.ledger.deposits.create({ accountId, amountNanos, source: 'test', externalId: randomUUID(), note: null });
});
