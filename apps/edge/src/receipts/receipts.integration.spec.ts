import { verifyReceipt } from '@switchyard/receipts';
import type { SignedReceipt } from '@switchyard/receipts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';

const KEY = Buffer.alloc(32, 1).toString('base64url');
const NEXT_KEY = Buffer.alloc(32, 2).toString('base64url');
const PROMPT = 'a rather unusual prompt';

describe('receipts', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let customer: ReturnType<SmallStack['customer']>;

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.put(aModel({ endpoints: [anEndpoint({ tag: 'acme' })] }));
    edge = await stack.edge({ RECEIPT_KEY: KEY });
    await stack.knows(edge, 1);
    customer = stack.customer(5);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const get = (path: string, secret?: string, at = edge) =>
    fetch(`${at.url}/api/v1/${path}`, secret === undefined ? {} : { headers: { authorization: `Bearer ${secret}` } });
  const keysOf = async (at = edge) =>
    (await (await get('receipts/keys', undefined, at)).json()) as { keys: { x: string }[] };
  const generate = async (): Promise<string> => {
    const body = { model: 'acme/large', messages: [{ role: 'user', content: PROMPT }] };
    const response = await postJson(`${edge.url}/api/v1/chat/completions`, customer.secret, body);
    await response.text();
    return response.headers.get('x-generation-id')!;
  };
  const receiptOf = async (id: string, secret = customer.secret, at = edge): Promise<SignedReceipt> => {
    const response = await get(`generation/receipt?id=${id}`, secret, at);
    expect(response.status).toBe(200);
    return (await response.json()) as SignedReceipt;
  };

  it('say what was used and charged, under a signature that the public keys confirm', async () => {
    const id = await generate();
    const signed = await receiptOf(id);
    expect(verifyReceipt(signed, await keysOf())).toMatchObject({ valid: true });
    expect(signed.receipt).toMatchObject({
      type: 'switchyard.receipt.v1',
      generation_id: id,
      key_hash: customer.key.digest,
      model: 'acme/large',
      endpoint_id: 'acme:acme/large',
      status: 200,
      usage: { input_tokens: 10, output_tokens: 2, cache_write_1h_tokens: 0, requests: 1 },
      usage_outcome: 'final',
      price_version: 'v1',
      charged_nanos: '12000',
      cost_nanos: '12000',
    });
    expect(JSON.stringify(signed)).not.toMatch(/unusual|Hel/);
    const cheaper = { ...signed, receipt: { ...signed.receipt, charged_nanos: '1' } };
    expect(verifyReceipt(cheaper, await keysOf()).valid).toBe(false);
  });

  it('name the key that made the request, also when another key of the account asks', async () => {
    const manager = stack.auth.add({ kind: 'management', accountId: customer.key.accountId });
    expect((await receiptOf(await generate(), manager.secret)).receipt.key_hash).toBe(customer.key.digest);
  });

  it('are of the own account alone', async () => {
    const id = await generate();
    const stranger = stack.customer(1).secret;
    for (const wrong of [id, 'gen-1790000000-AbCdEfGhIjKlMnOpQrSt', 'x']) {
      const response = await get(`generation/receipt?id=${wrong}`, stranger);
      expect([response.status, (await errorOfResponse(response)).message]).toEqual([404, 'Generation not found.']);
    }
    expect((await get(`generation/receipt?id=${id}`)).status).toBe(401);
    expect((await get('generation/receipt', customer.secret)).status).toBe(400);
  });

  it('of a retired key are verified by the key set of the next one', async () => {
    const { keys } = await keysOf();
    const next = await stack.edge({ RECEIPT_KEY: NEXT_KEY, RECEIPT_RETIRED_KEYS: ` ${keys[0]!.x},` });
    const rotated = await keysOf(next);
    expect(rotated.keys.map(({ x }) => x)).toEqual([expect.not.stringMatching(keys[0]!.x), keys[0]!.x]);
    expect(verifyReceipt(await receiptOf(await generate()), rotated).valid).toBe(true);
  });

  it('are not signed without a key, and the error says how to switch them on', async () => {
    const keyless = await stack.edge();
    const response = await get(`generation/receipt?id=${await generate()}`, customer.secret, keyless);
    const { message, metadata } = await errorOfResponse(response);
    expect([response.status, metadata['code']]).toEqual([501, 'receipts_off']);
    expect(message).toContain('RECEIPT_KEY');
    expect(await keysOf(keyless)).toEqual({ keys: [] });
  });

  it.each([
    ['RECEIPT_KEY', 'short'],
    ['RECEIPT_RETIRED_KEYS', 'short'],
  ])('keep an edge from starting with a %s of another form', async (name, value) => {
    await expect(stack.edge({ [name]: value })).rejects.toThrow(name);
  });
});
