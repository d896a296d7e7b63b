import { waitUntil } from '@switchyard/testing';
import { as, booksAtRest, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

const body = (value: object) => ({ method: 'POST', body: JSON.stringify(value) });
const hello = { model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] };

describe('keys and money on two edges', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({ edges: 2 });
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const createKey = async (settings: object) => {
    const created = await stack.api('/keys', body({ name: 'test', ...settings }));
    expect(created.status).toBe(201);
    return { key: as<string>(created.body['key']), hash: as<string>(created.body['data']!['hash']) };
  };
  const chat = (key: string, edge: number, request: object = hello) =>
    stack.api('/chat/completions', { ...body(request), key, edge });
  const metadataCode = (answer: { body: Json }) => answer.body['error']!['metadata']!['code'];

  it('shows a secret once and never again', async () => {
    const { key, hash } = await createKey({});
    expect(key).toMatch(/^sk-sy-v1-[0-9A-Za-z]{49}$/);
    const { body: listed } = await stack.api('/keys');
    expect(JSON.stringify(listed)).toContain(hash);
    expect(JSON.stringify(listed)).not.toContain(key);
  });

  it('refuses a disabled, a revoked and an expired key, each by its own name, on every edge within a second', async () => {
    const disabled = await createKey({});
    const revoked = await createKey({});
    const expired = await createKey({ expires_at: new Date(Date.now() + 2_500).toISOString() });
    for (const { key } of [disabled, revoked, expired]) {
      for (const edge of [0, 1]) expect((await chat(key, edge)).status).toBe(200);
    }
    expect(
      (await stack.api(`/keys/${disabled.hash}`, { method: 'PATCH', body: JSON.stringify({ disabled: true }) })).status,
    ).toBe(200);
    expect((await stack.api(`/keys/${revoked.hash}`, { method: 'DELETE' })).body).toMatchObject({ deleted: true });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const edge of [0, 1]) {
      expect(metadataCode(await chat(disabled.key, edge))).toBe('disabled_key');
      expect(metadataCode(await chat(revoked.key, edge))).toBe('revoked_key');
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    for (const edge of [0, 1]) expect(metadataCode(await chat(expired.key, edge))).toBe('expired_key');
  }, 60_000);

  it('keeps the two kinds of key apart', async () => {
    const asManager = await chat(stack.account.managementKey, 0);
    expect([asManager.status, metadataCode(asManager)]).toEqual([403, 'wrong_key_kind']);
    const asUser = await stack.api('/keys', { key: stack.account.apiKey });
    expect([asUser.status, metadataCode(asUser)]).toEqual([403, 'wrong_key_kind']);
  });

  it('holds a key limit under parallel requests, and says which one', async () => {
    const { key } = await createKey({ limit: 0.001 });
    const request = { ...hello, max_tokens: 50 };
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => chat(key, index % 2, request)));
    const paid = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) expect([answer.status, metadataCode(answer)]).toEqual([403, 'key_limit_exceeded']);
    const spent = paid.reduce((sum, answer) => sum + Number(answer.body['usage']!['cost']), 0);
    expect(spent).toBeLessThanOrEqual(0.001);
    const { body: own } = await stack.api('/key', { key });
    expect(own['data']).toMatchObject({ limit: 0.001, is_management_key: false });
  }, 60_000);

  it('adds a deposit once, however often it is sent', async () => {
    const before = as<number>((await stack.api('/credits')).body['data']!['total_credits']);
    const deposit = { amount: 2.5, external_id: 'invoice-1' };
    const first = await stack.api('/deposits', body(deposit));
    const again = await stack.api('/deposits', body(deposit));
    expect([first.status, again.status]).toEqual([201, 201]);
    expect([first.body['data']!['created'], again.body['data']!['created']]).toEqual([true, false]);
    expect(as<number>((await stack.api('/credits')).body['data']!['total_credits']) - before).toBeCloseTo(2.5, 9);
    const other = await stack.api('/deposits', body({ ...deposit, amount: 3 }));
    expect([other.status, metadataCode(other)]).toEqual([409, 'conflict']);
  });

  it('refuses what the credit does not cover, without charging', async () => {
    await booksAtRest(stack);
    const before = (await stack.api('/credits')).body['data'];
    const answer = await chat(stack.account.apiKey, 0, {
      ...hello,
      model: 'sandbox/echo',
      max_tokens: 8_000,
      n: 1,
      messages: [{ role: 'user', content: 'x'.repeat(1000) }],
    });
    // 8,000 tokens of the sandbox cost 0.032 dollars, which is there; so the answer is served and the rest of the bound comes back.
    expect(answer.status).toBe(200);
    const poor = await createKey({ limit: 0.000001 });
    const refused = await chat(poor.key, 1, { ...hello, max_tokens: 100 });
    expect(refused.status).toBe(403);
    await waitUntil(
      async () => {
        const after = (await stack.api('/credits')).body['data']!;
        const spent = Number(after['total_usage']) - Number(before!['total_usage']);
        return Math.abs(spent - Number(answer.body['usage']!['cost'])) < 1e-12;
      },
      { what: 'only the served answer was charged' },
    );
  }, 60_000);

  it('has clean books in the end', async () => {
    const { body: audit } = await stack.api('/audit');
    expect(audit['data']).toMatchObject({ violations: [], quarantined: 0 });
  });
});
