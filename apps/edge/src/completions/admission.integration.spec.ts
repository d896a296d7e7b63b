import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { speak } from '../testing/small-worker.js';

describe('admission', () => {
  let stack: SmallStack;
  let edge: RunningEdge;

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edge = await stack.edge();
    await stack.knows(edge, 1);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const messages = [{ role: 'user', content: 'Say hello.' }];
  const ask = (secret: string, body: object = {}) =>
    postJson(`${edge.url}/api/v1/chat/completions`, secret, { model: 'acme/large', messages, ...body });

  it('says what is affordable when the credit is too small', async () => {
    const { secret } = stack.customer(0.0005);
    const response = await ask(secret, { max_tokens: 900 });
    expect(response.status).toBe(402);
    const error = await errorOfResponse(response);
    expect(error.message).toMatch(/You requested up to 900 tokens, but can only afford \d+\./);
    const affordable = error.metadata['affordable_tokens'] as number;
    expect(error.metadata).toMatchObject({ error_type: 'payment_required', limit_source: 'openrouter_credits' });
    expect((await ask(secret, { max_tokens: affordable })).status).toBe(200);
  });

  it('names the limit of the key when that is in the way', async () => {
    const { secret } = stack.customer(10, { limitNanos: 1_000n, limitReset: 'daily' });
    const response = await ask(secret);
    expect(response.status).toBe(403);
    const error = await errorOfResponse(response);
    expect(error.message).toMatch(/^Key limit exceeded \(daily limit\)/);
    expect(error.metadata).toMatchObject({ limit_source: 'openrouter_key_limit', code: 'key_limit_exceeded' });
  });

  it('admits one of many simultaneous requests when there is money for one', async () => {
    const { secret } = stack.customer(0.0016);
    // Long enough that the last has asked, on a busy machine too, before the first gives back what it did not need.
    stack.workers.get('acme')!.script = (scene) => speak(scene, ['a', 'b'], 2_000);
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const response = await ask(secret, { stream: true });
        await response.text();
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 402)).toHaveLength(29);
  }, 30_000);

  it('goes on with a lease while the ledger is away, and asks others to come back', async () => {
    const leased = stack.customer(1);
    expect((await ask(leased.secret)).status).toBe(200);
    stack.ledger.paused = true;
    try {
      expect((await ask(leased.secret)).status).toBe(200);
      const response = await ask(stack.customer(1).secret);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
    } finally {
      stack.ledger.paused = false;
    }
  });
});
