import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BusModule, rpcMicroservice } from '@switchyard/bus';
import { GatewayError } from '@switchyard/contracts';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallPayments } from '../testing/small-payments.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';

const SIGNATURE = `t=1763800000,v1=${'0a'.repeat(32)}`;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

describe('payments at the edge', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let closed: RunningEdge;
  let payments: SmallPayments;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    stack = await SmallStack.start();
    const options = { servers: stack.nats.url, name: 'payments' };
    @Module({ imports: [BusModule.forRoot(options)], controllers: [SmallPayments] })
    class PaymentsModule {}
    const app = await NestFactory.createMicroservice(PaymentsModule, {
      ...rpcMicroservice(options),
      logger: ['error'],
    });
    await app.listen();
    payments = app.get(SmallPayments);
    stop = () => app.close();
    edge = await stack.edge();
    closed = await stack.edge({ EDGE_ID: 'closed', OPEN_DEPOSITS: 'false' });
  }, 60_000);
  beforeEach(() => {
    payments.received.length = 0;
    payments.asked.length = 0;
    payments.refusal = null;
    payments.holdMs = 0;
  });
  afterAll(async () => {
    await stop?.();
    await stack.stop();
  }, 60_000);

  const management = (fields: object = {}) => stack.customer(1, { kind: 'management', ...fields });
  const webhook = (body: string | Buffer, headers: Record<string, string> = { 'stripe-signature': SIGNATURE }) =>
    fetch(`${edge.url}/api/v1/webhooks/stripe`, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers },
      body: new Uint8Array(Buffer.from(body)),
    });
  const send = (method: string, path: string, secret: string, body?: object) =>
    fetch(`${edge.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(body && JSON_TYPE) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const dataOf = async (response: Response) => ((await response.json()) as { data: Record<string, unknown> }).data;

  describe('a message of the payment provider', () => {
    it('is handed on byte for byte, without a key, however it is written', async () => {
      const bodies = [
        '{"id": "evt_1",\n\t"x":1.0e2, "a":"\\u00e9\u00e9", "a":2}',
        '{"__proto__":{}}',
        `{"p":"${'x'.repeat(200_000)}"}`,
      ];
      for (const body of bodies) {
        const response = await webhook(body);
        expect(response.status).toBe(200);
        await expect(response.json()).resolves.toEqual({ received: true });
      }
      const handedOn = payments.received.map(({ bodyBase64 }) => Buffer.from(bodyBase64, 'base64').toString('utf8'));
      expect(handedOn).toEqual(bodies);
      expect(payments.received[0]!.signature).toBe(SIGNATURE);
    });

    it('keeps its bytes when they are no text at all', async () => {
      const body = randomBytes(4_096);
      await (await webhook(body)).text();
      const { bodyBase64 } = payments.received[0]!;
      const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      expect(digest(Buffer.from(bodyBase64, 'base64'))).toBe(digest(body));
    });

    it.each<[string, Record<string, string>]>([
      ['no signature', {}],
      ['an empty one', { 'stripe-signature': '' }],
      ['one without a time', { 'stripe-signature': `v1=${'0a'.repeat(32)}` }],
      ['one without a signature of its scheme', { 'stripe-signature': `t=1,v0=${'0a'.repeat(32)}` }],
      ['an endless one', { 'stripe-signature': `${SIGNATURE},${'v1=0,'.repeat(2_000)}` }],
    ])('with %s asks nobody', async (_, headers) => {
      const response = await webhook('{}', headers);
      expect((await errorOfResponse(response)).metadata['code']).toBe('invalid_request');
      expect(payments.received).toEqual([]);
    });

    it('that is too large or no JSON by its type asks nobody', async () => {
      const large = await webhook('x'.repeat(256 * 1024 + 1));
      expect((await errorOfResponse(large)).metadata['code']).toBe('payload_too_large');
      const form = await webhook('a=1', {
        'stripe-signature': SIGNATURE,
        'content-type': 'application/x-www-form-urlencoded',
      });
      expect((await errorOfResponse(form)).metadata['code']).toBe('unsupported_media_type');
      expect(payments.received).toEqual([]);
    });

    it('is refused as the ledger refuses it, so that the provider knows whether to send it again', async () => {
      payments.refusal = new GatewayError('invalid_request', { message: 'The signature of the message does not fit.' });
      expect((await webhook('{}')).status).toBe(400);
      payments.refusal = new GatewayError('service_unavailable');
      expect((await webhook('{}')).status).toBe(503);
      payments.refusal = new GatewayError('not_found');
      expect((await webhook('{}')).status).toBe(404);
    });

    it('does not keep the edge busy with more than sixteen at a time', async () => {
      payments.holdMs = 1_000;
      const all = await Promise.all(Array.from({ length: 40 }, () => webhook('{}')));
      const statuses = all.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
      expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
      expect(payments.received.length).toBeLessThanOrEqual(16);
      await Promise.all(all.map((response) => response.text()));
    });
  });

  it('shows the statement of the account in dollars', async () => {
    const { secret, key } = management();
    const response = await send('GET', '/deposits?kind=refund,purchase&offset=5&limit=10', secret);
    const body = (await response.json()) as { data: object[]; total_count: number };
    expect(body).toMatchObject({ total_count: 1, data: [{ kind: 'refund', amount: '-1.500000001', fee: '0' }] });
    expect(payments.asked).toEqual([{ accountId: key.accountId, kinds: ['refund', 'purchase'], offset: 5, limit: 10 }]);
    for (const query of ['kind=x', 'limit=0', 'limit=101', 'offset=-1'])
      expect((await send('GET', `/deposits?${query}`, secret)).status).toBe(400);
  });

  it('sells credit to the account of the key', async () => {
    const { secret, key } = management();
    const body = { amount: 20, save_payment_method: true, account_id: randomUUID() };
    const response = await send('POST', '/deposits/checkout', secret, body);
    expect(response.status).toBe(201);
    expect(await dataOf(response)).toMatchObject({
      url: expect.stringContaining('stripe'),
      amount: '20',
      fee: '2',
      credit: '18',
    });
    expect(payments.asked).toMatchObject([{ accountId: key.accountId, savePaymentMethod: true }]);
  });

  it.each([
    { amount: -1 },
    { amount: 0 },
    { amount: '1e9' },
    { amount: 1e300 },
    { amount: '99999999999' },
    {},
    { amount: null },
  ])('asks nobody to sell %j', async (body) => {
    const { secret } = management();
    expect((await send('POST', '/deposits/checkout', secret, body)).status).toBe(400);
    expect((await send('PUT', '/credits/auto-top-up', secret, { threshold: 1, ...body })).status).toBe(400);
    expect(payments.asked).toEqual([]);
  });

  it('refunds deposits of the account, and of others for the operator alone', async () => {
    const [customer, operator] = [management(), management({ operator: true })];
    const depositId = randomUUID();
    const path = `/deposits/${depositId}/refund`;
    const body = { amount: '1.5', external_id: 'r-1' };
    expect((await send('POST', path, customer.secret, body)).status).toBe(201);
    expect(payments.asked).toMatchObject([
      { accountId: customer.key.accountId, depositId, amountNanos: 1_500_000_000n },
    ]);
    const others = { ...body, account_id: customer.key.accountId };
    expect((await send('POST', path, operator.secret, others)).status).toBe(201);
    expect(payments.asked[1]).toMatchObject({ accountId: customer.key.accountId });
    const strange = await send('POST', path, customer.secret, { ...body, account_id: operator.key.accountId });
    expect((await errorOfResponse(strange)).metadata['code']).toBe('permission_denied');
    expect((await send('POST', '/deposits/x/refund', customer.secret, body)).status).toBe(404);
  });

  it('lets the operator give credit away that expires, and nobody else', async () => {
    const [customer, operator] = [management(), management({ operator: true })];
    const body = {
      amount: 5,
      external_id: 'gift',
      expires_at: '2026-12-31T00:00:00Z',
      account_id: customer.key.accountId,
    };
    expect((await send('POST', '/credits/promotional', operator.secret, body)).status).toBe(201);
    expect(payments.asked).toMatchObject([{ accountId: customer.key.accountId, amountNanos: 5_000_000_000n }]);
    const refused = await send('POST', '/credits/promotional', customer.secret, body);
    expect((await errorOfResponse(refused)).metadata['code']).toBe('permission_denied');
    expect((await send('POST', '/credits/promotional', operator.secret, { ...body, expires_at: 'soon' })).status).toBe(
      400,
    );
  });

  it('shows the operator what could not be booked, and nobody else', async () => {
    const [customer, operator] = [management(), management({ operator: true })];
    const response = await send('GET', '/payments/events?filter=unbooked', operator.secret);
    expect(((await response.json()) as { data: object[] }).data).toMatchObject([
      { id: 'evt_1', payment: 'pi_1', amount: '1', currency: 'eur', status: 'wrong_currency' },
    ]);
    expect(payments.asked).toEqual([{ filter: 'unbooked', offset: 0, limit: 100 }]);
    expect((await send('GET', '/payments/events?filter=x', operator.secret)).status).toBe(400);
    expect((await send('GET', '/payments/events', customer.secret)).status).toBe(403);
  });

  it('sets, shows and deletes automatic top-up', async () => {
    const { secret } = management();
    const nothing = await send('GET', '/credits/auto-top-up', secret);
    expect(await dataOf(nothing)).toMatchObject({ enabled: false, payment_method_saved: true, threshold: null });
    const set = await send('PUT', '/credits/auto-top-up', secret, { threshold: 5, amount: '25' });
    expect(await dataOf(set)).toMatchObject({ enabled: true, threshold: '5', amount: '25', state: 'armed' });
    expect(await (await send('DELETE', '/credits/auto-top-up', secret)).json()).toEqual({ deleted: true });
    const preflight = await fetch(`${edge.url}/api/v1/credits/auto-top-up`, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
  });

  it('lets only the operator put credit in unpaid where that is closed to others', async () => {
    const [customer, operator] = [management(), management({ operator: true })];
    const url = `${closed.url}/api/v1/deposits`;
    const body = { amount: 1, external_id: 'x' };
    const refused = await postJson(url, customer.secret, body);
    expect((await errorOfResponse(refused)).metadata['code']).toBe('permission_denied');
    expect((await postJson(url, operator.secret, { ...body, account_id: customer.key.accountId })).status).toBe(201);
    expect((await postJson(`${edge.url}/api/v1/deposits`, customer.secret, body)).status).toBe(201);
  });

  it('is closed to keys that infer, and to nobody', async () => {
    const inference = stack.customer(1).secret;
    for (const [method, path] of [
      ['GET', '/deposits'],
      ['POST', '/deposits/checkout'],
      ['POST', `/deposits/${randomUUID()}/refund`],
      ['POST', '/credits/promotional'],
      ['GET', '/credits/auto-top-up'],
      ['PUT', '/credits/auto-top-up'],
      ['DELETE', '/credits/auto-top-up'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect((await send(method, path, inference, body)).status).toBe(403);
      expect((await send(method, path, '', body)).status).toBe(401);
    }
    expect(payments.asked).toEqual([]);
  });
});
