import { randomUUID } from 'node:crypto';
import { fundAccount } from '../testing/accounts.js';
import { NoPaymentProvider } from './payment-provider.js';
import { StripeService } from './stripe.service.js';
import {
  paidIntent,
  paidSession,
  signed,
  startPaymentsBench,
  stripeEvent,
  WEBHOOK_SECRET,
  type PaymentsBench,
} from './testing/payments-bench.js';

const TEN_USD = 10_000_000_000n;
const MINUTE_MS = 60_000;

describe('messages of Stripe', () => {
  let bench: PaymentsBench;

  beforeAll(async () => {
    bench = await startPaymentsBench();
  }, 60_000);
  afterAll(() => bench?.stop());

  const newAccount = () => fundAccount(bench.ledger, 0n);
  const newIntent = () => `pi_${randomUUID()}`;
  const receive = (message: { bodyBase64: string; signature: string }) => bench.payments.receive(message);

  it('credit what was paid, in US cents, once, whichever of them comes first and however often', async () => {
    const accountId = await newAccount();
    const intent = newIntent();
    const session = stripeEvent('checkout.session.completed', paidSession(accountId, intent, 1_000));
    await expect(receive(signed(session))).resolves.toEqual({ status: 'applied' });
    await expect(receive(signed(session))).resolves.toEqual({ status: 'duplicate' });
    await expect(bench.deliver('payment_intent.succeeded', paidIntent(accountId, intent, 1_000))).resolves.toBe(
      'duplicate',
    );
    await expect(
      bench.deliver('checkout.session.async_payment_succeeded', paidSession(accountId, intent, 1_000)),
    ).resolves.toBe('duplicate');
    expect(await bench.balanceOf(accountId)).toBe(TEN_USD);
  });

  it('are believed about the amount, never what we had written on the payment', async () => {
    const accountId = await newAccount();
    const metadata = { account_id: accountId, amount: '1000000', amount_nanos: '999999999999' };
    await bench.deliver('checkout.session.completed', paidSession(accountId, newIntent(), 1, { metadata }));
    expect(await bench.balanceOf(accountId)).toBe(10_000_000n);
  });

  describe('that were not written by Stripe, or not now, move nothing', () => {
    const refused = { code: 'invalid_request' };
    const valid = (accountId: string) =>
      stripeEvent('checkout.session.completed', paidSession(accountId, newIntent(), 1_000));

    it('signed with another secret', async () => {
      const accountId = await newAccount();
      await expect(receive(signed(valid(accountId), { secret: 'whsec_somebody-elses-secret' }))).rejects.toMatchObject(
        refused,
      );
      expect(await bench.balanceOf(accountId)).toBe(0n);
    });

    it('signed with an empty secret', async () => {
      const accountId = await newAccount();
      const payload = JSON.stringify(valid(accountId));
      // The library will not even sign with one.
      const { createHmac } = await import('node:crypto');
      const seconds = Math.floor(Date.now() / 1_000);
      const signature = `t=${seconds},v1=${createHmac('sha256', '').update(`${seconds}.${payload}`).digest('hex')}`;
      await expect(receive({ bodyBase64: Buffer.from(payload).toString('base64'), signature })).rejects.toMatchObject(
        refused,
      );
      expect(await bench.balanceOf(accountId)).toBe(0n);
    });

    it.each(['', 't=1,v1=', 'v1=abc', 't=now,v1=00', `v0=${'0'.repeat(64)}`, '\u0000'])(
      'with the header %j',
      async (signature) => {
        const accountId = await newAccount();
        const { bodyBase64 } = signed(valid(accountId));
        await expect(receive({ bodyBase64, signature })).rejects.toMatchObject(refused);
        expect(await bench.balanceOf(accountId)).toBe(0n);
      },
    );

    it('changed on the way, by one byte', async () => {
      const accountId = await newAccount();
      const { bodyBase64, signature } = signed(valid(accountId));
      const body = Buffer.from(bodyBase64, 'base64')
        .toString('utf8')
        .replace('"amount_total":1000', '"amount_total":9000');
      const tampered = Buffer.from(body).toString('base64');
      await expect(receive({ bodyBase64: tampered, signature })).rejects.toMatchObject(refused);
      const longer = Buffer.from(`${Buffer.from(bodyBase64, 'base64').toString('utf8')} `).toString('base64');
      await expect(receive({ bodyBase64: longer, signature })).rejects.toMatchObject(refused);
      expect(await bench.balanceOf(accountId)).toBe(0n);
    });

    it('replayed after the tolerance of five minutes, and still taken within it', async () => {
      const accountId = await newAccount();
      const event = valid(accountId);
      await expect(receive(signed(event, { atMs: Date.now() - 6 * MINUTE_MS }))).rejects.toMatchObject(refused);
      expect(await bench.balanceOf(accountId)).toBe(0n);
      await expect(receive(signed(event, { atMs: Date.now() - 4 * MINUTE_MS }))).resolves.toEqual({
        status: 'applied',
      });
    });

    it('of the other mode', async () => {
      const accountId = await newAccount();
      const session = paidSession(accountId, newIntent(), 1_000);
      await expect(bench.deliver('checkout.session.completed', session, { livemode: true })).resolves.toBe(
        'wrong_mode',
      );
      expect(await bench.balanceOf(accountId)).toBe(0n);
    });
  });

  it.each([
    ['another currency', { currency: 'eur' }, 'wrong_currency'],
    ['a currency that only looks like it', { currency: 'usdc' }, 'wrong_currency'],
    ['nothing', { amount_total: 0 }, 'bad_amount'],
    ['less than nothing', { amount_total: -1_000 }, 'bad_amount'],
    ['more than a transfer may carry', { amount_total: 100_000_000_001 }, 'bad_amount'],
    ['a part of a cent', { amount_total: 10.5 }, 'ignored'],
    ['an amount beyond all numbers', { amount_total: 1e300 }, 'ignored'],
    ['text', { amount_total: '1000' }, 'ignored'],
    ['a payment that is still to come', { payment_status: 'unpaid' }, 'not_paid'],
    ['another shop on the same Stripe account', { metadata: {} }, 'ignored'],
    ['an account that is no id', { metadata: { account_id: "' OR 1=1" } }, 'ignored'],
  ])('about %s move nothing and are kept', async (_, fields, status) => {
    const accountId = await newAccount();
    const event = stripeEvent('checkout.session.completed', paidSession(accountId, newIntent(), 1_000, fields));
    await expect(receive(signed(event))).resolves.toEqual({ status });
    expect(await bench.balanceOf(accountId)).toBe(0n);
    const kept = await bench.ledger.asService('SELECT status FROM payment_event WHERE id = $1', [event.id]);
    expect(kept).toEqual([{ status }]);
  });

  it('of an unknown type or shape are answered, so that they do not come again', async () => {
    await expect(bench.deliver('customer.created', { id: 'cus_1' })).resolves.toBe('ignored');
    await expect(bench.deliver('charge.refunded', { payment_intent: 7 })).resolves.toBe('ignored');
    await expect(bench.deliver('payment_intent.succeeded', {})).resolves.toBe('ignored');
  });

  it('that could not be booked are listed apart', async () => {
    const before = (await bench.payments.list({ filter: 'unbooked', offset: 0, limit: 100 })).events.length;
    await bench.deliver('checkout.session.completed', paidSession(randomUUID(), newIntent(), 1_234));
    await bench.deliver('checkout.session.completed', paidSession(await newAccount(), newIntent(), 1_000));
    const { events } = await bench.payments.list({ filter: 'unbooked', offset: 0, limit: 100 });
    expect(events).toHaveLength(before + 1);
    expect(events[0]).toMatchObject({
      status: 'unknown_account',
      amountNanos: 12_340_000_000n,
      currency: 'usd',
      deliveries: 1,
    });
    const all = await bench.payments.list({ filter: 'all', offset: 0, limit: 1 });
    expect(all.events).toMatchObject([{ status: 'applied' }]);
  });

  it('keep nothing of the payer', async () => {
    const accountId = await newAccount();
    await bench.deliver('checkout.session.completed', paidSession(accountId, newIntent(), 1_000));
    const everything = await bench.ledger.asOwner(
      `SELECT string_agg(t::text, ' ') AS text FROM (SELECT e::text AS t FROM payment_event e UNION ALL SELECT p::text FROM payment p
       UNION ALL SELECT d::text FROM deposit d UNION ALL SELECT o::text FROM outbox o) all_rows`,
    );
    expect(String(everything[0]!['text'])).not.toContain('payer@example.test');
  });

  it('about refunds and disputes are understood', async () => {
    const accountId = await newAccount();
    const intent = newIntent();
    const charge = {
      id: 'ch_1',
      object: 'charge',
      payment_intent: intent,
      amount: 1_000,
      amount_refunded: 300,
      currency: 'usd',
    };
    await bench.deliver('charge.refunded', charge);
    await bench.deliver('checkout.session.completed', paidSession(accountId, intent, 1_000));
    expect(await bench.balanceOf(accountId)).toBe(7_000_000_000n);
    const dispute = { id: `dp_${intent}`, object: 'dispute', payment_intent: intent, amount: 700, currency: 'usd' };
    await bench.deliver('charge.dispute.created', { ...dispute, status: 'warning_needs_response' });
    expect(await bench.balanceOf(accountId)).toBe(7_000_000_000n);
    await bench.deliver('charge.dispute.created', { ...dispute, status: 'needs_response' });
    expect(await bench.balanceOf(accountId)).toBe(0n);
    await bench.deliver('charge.dispute.closed', { ...dispute, status: 'won' });
    expect(await bench.balanceOf(accountId)).toBe(7_000_000_000n);
  });

  it('cannot be checked where the secret is empty, so none is taken', async () => {
    const stripe = {
      secretKey: 'sk_test_1',
      webhookSecret: '',
      apiBase: 'http://127.0.0.1:1',
      successUrl: '',
      cancelUrl: null,
    };
    const service = new StripeService(stripe);
    const { bodyBase64, signature } = signed({}, { secret: WEBHOOK_SECRET });
    expect(() => service.verify(Buffer.from(bodyBase64, 'base64'), signature)).toThrow('nothing at this address');
  });

  it('are not taken where no payment provider is switched on, and nothing else is done there', async () => {
    const off = new NoPaymentProvider();
    expect(() => off.verify()).toThrow('No payment provider');
    await expect(off.charge()).rejects.toMatchObject({ code: 'not_found' });
    await expect(off.refund()).rejects.toMatchObject({ code: 'not_found' });
    await expect(off.createCheckout()).rejects.toMatchObject({ code: 'not_found' });
  });
});
