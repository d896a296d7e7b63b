import { randomUUID } from 'node:crypto';
import { StripeStandIn, waitUntil } from '@switchyard/testing';
import { Stripe } from 'stripe';
import { as, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

const WEBHOOK_SECRET = 'whsec_e2e0123456789abcdef0123456789';
const SECRET_KEY = 'sk_test_e2e0123456789abcdef';
const signer = new Stripe(SECRET_KEY);

describe('credit that is bought', () => {
  const stripe = new StripeStandIn();
  let stack: TestStack;

  beforeAll(async () => {
    const environment = {
      STRIPE_SECRET_KEY: SECRET_KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_BASE: await stripe.start(),
      STRIPE_SUCCESS_URL: 'https://shop.example/thanks',
      DEPOSIT_FEE_PPM: '55000',
      DEPOSIT_FEE_MIN_NANOS: '800000000',
    };
    stack = await startTestStack({ environment });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await stack?.stop();
    await stripe.stop();
  }, 60_000);

  const call = (method: string, path: string, body?: object) =>
    stack.api(path, { method, ...(body && { body: JSON.stringify(body) }) });
  /** Delivers a message as Stripe does: without a key, with a signature. */
  const deliver = (type: string, object: object, secret = WEBHOOK_SECRET) => {
    const event = { id: `evt_${randomUUID()}`, object: 'event', livemode: false, type, data: { object } };
    const payload = JSON.stringify(event);
    const signature = signer.webhooks.generateTestHeaderString({ payload, secret });
    const headers = { 'stripe-signature': signature };
    return stack.api('/webhooks/stripe', { method: 'POST', key: null, body: payload, headers });
  };
  const paidSession = (intent: string, cents: number) => ({
    id: `cs_${intent}`,
    object: 'checkout.session',
    payment_status: 'paid',
    payment_intent: intent,
    amount_total: cents,
    currency: 'usd',
    customer: 'cus_e2e',
    metadata: { account_id: stack.account.accountId, save: 'yes' },
  });
  const credits = async () => Number((await call('GET', '/credits')).body['data']?.['total_credits']);
  const kinds = async () =>
    ((await call('GET', '/deposits?kind=purchase,refund,promo,expiry')).body['data'] as unknown as Json[]).map(
      (entry) => `${as<string>(entry['kind'])} ${as<string>(entry['amount'])}`,
    );

  it('goes from the page of Stripe into the account, once, and unused back again', async () => {
    const before = await credits();
    const checkout = await call('POST', '/deposits/checkout', { amount: 20, save_payment_method: true });
    expect(checkout).toMatchObject({ status: 201, body: { data: { amount: '20', fee: '1.1', credit: '18.9' } } });
    expect(stripe.callsTo('/v1/checkout/sessions')[0]!.form['metadata[account_id]']).toBe(stack.account.accountId);

    const paid = paidSession('pi_e2e_1', 2_000);
    expect((await deliver('checkout.session.completed', paid, 'whsec_forged')).status).toBe(400);
    expect(await credits()).toBe(before);
    for (const type of ['checkout.session.completed', 'checkout.session.async_payment_succeeded'])
      expect((await deliver(type, paid)).status).toBe(200);
    expect(await credits()).toBeCloseTo(before + 18.9, 9);

    const [purchase] = (await call('GET', '/deposits?kind=purchase')).body['data'] as unknown as Json[];
    const refund = { amount: 5, external_id: 'e2e-refund' };
    const path = `/deposits/${as<string>(purchase!['id'])}/refund`;
    await expect(call('POST', path, refund)).resolves.toMatchObject({
      body: { data: { state: 'done', created: true } },
    });
    await expect(call('POST', path, refund)).resolves.toMatchObject({ body: { data: { created: false } } });
    expect(stripe.callsTo('/v1/refunds')).toHaveLength(1);
    expect(await credits()).toBeCloseTo(before + 13.9, 9);
    expect(await kinds()).toEqual(['refund -5', 'purchase 18.9']);
  });

  it('is bought again by itself when the balance falls, once', async () => {
    const before = await credits();
    const set = await call('PUT', '/credits/auto-top-up', { threshold: 1_000_000, amount: 100 });
    expect(set).toMatchObject({ status: 200, body: { data: { enabled: true, payment_method_saved: true } } });
    await waitUntil(async () => (await credits()) > before, { what: 'the top-up', timeoutMs: 20_000 });
    expect((await call('DELETE', '/credits/auto-top-up')).body).toEqual({ deleted: true });
    await waitUntil(async () => (await call('GET', '/audit')).status === 200, { what: 'the audit' });
    expect(await credits()).toBeCloseTo(before + 94.5 * stripe.charged.length, 6);
  });

  it('is a gift of the operator until it expires', async () => {
    const before = await credits();
    const expires_at = new Date(Date.now() + 2_000).toISOString();
    const gift = { amount: 3, external_id: 'e2e-gift', expires_at };
    expect((await call('POST', '/credits/promotional', gift)).status).toBe(201);
    expect(await credits()).toBeCloseTo(before + 3, 9);
    await waitUntil(async () => Math.abs((await credits()) - before) < 1e-9, { what: 'the expiry', timeoutMs: 20_000 });
    expect((await kinds()).slice(0, 2)).toEqual(['expiry -3', 'promo 3']);
  });

  it('leaves books that add up', async () => {
    const { body } = await call('GET', '/audit');
    expect(body['data']?.['violations']).toEqual([]);
  });
});
