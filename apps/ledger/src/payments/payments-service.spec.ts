import {
  BalanceLow,
  CreateCheckout,
  CreateDeposit,
  CreateRefund,
  DepositCreated,
  GetAutoTopUp,
  GetBalance,
  GrantPromo,
  LEDGER_EVENTS_STREAM,
  ListDeposits,
  OpenAccount,
  ReceivePayment,
  RefundCreated,
  SetAutoTopUp,
} from '@switchyard/contracts';
import { StripeStandIn, waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { createLedgerProcess, type LedgerProcess } from '../testing/ledger-process.js';
import { paidIntent, paidSession, signed, stripeEvent, WEBHOOK_SECRET } from './testing/payments-bench.js';

const USD = 1_000_000_000n;

describe('payments of the ledger as a service', () => {
  const stripe = new StripeStandIn();
  let ledger: LedgerProcess;
  const told: { subject: string; payload: unknown }[] = [];

  beforeAll(async () => {
    const settings = {
      STRIPE_SECRET_KEY: 'sk_test_0123456789abcdef',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_BASE: await stripe.start(),
      STRIPE_SUCCESS_URL: 'https://shop.example/thanks',
      DEPOSIT_FEE_PPM: '100000',
      SWEEP_INTERVAL_MS: '100',
    };
    ledger = await createLedgerProcess(settings);
    await expect(ledger.command('migrate')).resolves.toMatchObject({ code: 0 });
    await ledger.start();
    await ledger.bus.consumers.consume({
      stream: LEDGER_EVENTS_STREAM,
      durable: 'spec',
      maxBatch: 100,
      maxWaitMs: 50,
      handler: async (messages) => {
        for (const { subject, data } of messages)
          told.push({ subject, payload: JSON.parse(Buffer.from(data).toString('utf8')) });
      },
    });
  }, 60_000);
  afterAll(async () => {
    await ledger?.close();
    await stripe.stop();
  }, 30_000);

  const call: LedgerProcess['bus']['rpc']['call'] = (contract, request) =>
    ledger.bus.rpc.call(contract, request, { timeoutMs: 15_000 });
  const newAccount = async () => {
    const accountId = randomUUID();
    await call(OpenAccount, { accountId });
    return accountId;
  };
  const buy = async (accountId: string, cents: number, fields: object = {}) => {
    const intent = `pi_${randomUUID()}`;
    await call(
      ReceivePayment,
      signed(stripeEvent('payment_intent.succeeded', paidIntent(accountId, intent, cents, fields))),
    );
    return intent;
  };
  const availableOf = async (accountId: string) => (await call(GetBalance, { accountId })).availableNanos;
  const heardOf = (subject: string, accountId: string) =>
    told.filter(
      (event) => event.subject === subject && (event.payload as { accountId: string }).accountId === accountId,
    );

  it('sells credit, refunds it, and tells both through a stream that keeps it', async () => {
    const accountId = await newAccount();
    await expect(
      call(CreateCheckout, { accountId, amountNanos: 20n * USD, savePaymentMethod: false, externalId: null }),
    ).resolves.toMatchObject({ feeNanos: 2n * USD, creditNanos: 18n * USD });
    const event = stripeEvent('checkout.session.completed', paidSession(accountId, `pi_${randomUUID()}`, 2_000));
    await expect(call(ReceivePayment, signed(event))).resolves.toEqual({ status: 'applied' });
    await expect(call(ReceivePayment, signed(event))).resolves.toEqual({ status: 'duplicate' });
    const { entries } = await call(ListDeposits, { accountId, kinds: [], offset: 0, limit: 10 });
    expect(entries).toMatchObject([{ kind: 'purchase', amountNanos: 18n * USD, feeNanos: 2n * USD, source: 'stripe' }]);
    const refund = { accountId, depositId: entries[0]!.id, amountNanos: 5n * USD, externalId: 'r1', note: null };
    await expect(call(CreateRefund, refund)).resolves.toMatchObject({ state: 'done', availableNanos: 13n * USD });

    await waitUntil(() => heardOf(RefundCreated.subject, accountId).length > 0, { what: 'the refund is told' });
    const [deposit] = heardOf(DepositCreated.subject, accountId);
    expect(DepositCreated.payload.parse(deposit!.payload)).toMatchObject({
      kind: 'purchase',
      amountNanos: 18n * USD,
      feeNanos: 2n * USD,
    });
    const [refunded] = heardOf(RefundCreated.subject, accountId);
    expect(RefundCreated.payload.parse(refunded!.payload)).toMatchObject({ kind: 'refund', amountNanos: 5n * USD });
  });

  it('takes back by itself what expires', async () => {
    const accountId = await newAccount();
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    await call(GrantPromo, { accountId, amountNanos: 7n, expiresAt, externalId: randomUUID(), note: 'welcome' });
    expect(await availableOf(accountId)).toBe(7n);
    await waitUntil(async () => (await availableOf(accountId)) === 0n, { what: 'the expiry', timeoutMs: 10_000 });
    const { entries, total } = await call(ListDeposits, { accountId, kinds: ['promo', 'expiry'], offset: 0, limit: 1 });
    expect({ total, kinds: entries.map(({ kind }) => kind) }).toEqual({ total: 2, kinds: ['expiry'] });
  });

  it('tops up by itself, and tells of the low balance once', async () => {
    const accountId = await newAccount();
    const metadata = { account_id: accountId, save: 'yes' };
    await buy(accountId, 1_000, { metadata, customer: 'cus_1', payment_method: 'pm_fine' });
    await call(SetAutoTopUp, { accountId, thresholdNanos: 50n * USD, amountNanos: 100n * USD });
    await waitUntil(async () => (await availableOf(accountId)) === 99n * USD, {
      what: 'the top-up',
      timeoutMs: 10_000,
    });
    // The money is booked first, and then the try is over.
    const stateNow = async () => (await call(GetAutoTopUp, { accountId })).autoTopUp?.state;
    await waitUntil(async () => (await stateNow()) === 'armed', { what: 'the end of the try' });
    await waitUntil(() => heardOf(BalanceLow.subject, accountId).length > 0, { what: 'the low balance is told' });
    expect(BalanceLow.payload.parse(heardOf(BalanceLow.subject, accountId)[0]!.payload)).toMatchObject({
      balanceNanos: 9n * USD,
      thresholdNanos: 50n * USD,
    });
  });

  it('tells every deposit once, although it is killed again and again while it books and tells', async () => {
    const accountId = await newAccount();
    const deposits = Array.from({ length: 60 }, () => randomUUID());
    const book = async (externalId: string): Promise<void> => {
      const request = { accountId, amountNanos: 1n, source: 'test', externalId, note: null };
      await waitUntil(
        () =>
          ledger.bus.rpc.call(CreateDeposit, request).then(
            () => true,
            () => false,
          ),
        { what: `deposit ${externalId}`, timeoutMs: 60_000, intervalMs: 50 },
      );
    };
    for (const [index, externalId] of deposits.entries()) {
      await book(externalId);
      if (index % 20 !== 10) continue;
      await ledger.stop('SIGKILL');
      await ledger.start();
    }
    await waitUntil(() => heardOf(DepositCreated.subject, accountId).length >= deposits.length, {
      what: 'all are told',
      timeoutMs: 15_000,
    });
    expect(await availableOf(accountId)).toBe(60n);
    const ids = heardOf(DepositCreated.subject, accountId).map(
      ({ payload }) => (payload as { depositId: string }).depositId,
    );
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  }, 90_000);

  it('reserves the names under which it books itself', async () => {
    const accountId = await newAccount();
    const deposit = { accountId, amountNanos: 1n, externalId: 'pi_1', note: null };
    for (const source of ['stripe', 'promo'])
      await expect(call(CreateDeposit, { ...deposit, source })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('does not start with half of its settings, and does not say the other half', async () => {
    await ledger.stop();
    const half = createLedgerProcess({ STRIPE_SECRET_KEY: 'sk_live_donottellanybody', STRIPE_WEBHOOK_SECRET: '' });
    const other = await half;
    try {
      await expect(other.start()).rejects.toThrow(/STRIPE_WEBHOOK_SECRET: is missing/);
      await expect(other.start()).rejects.not.toThrow(/donottell/);
    } finally {
      await other.close();
    }
  }, 60_000);
});
