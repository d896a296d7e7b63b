import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';

describe('free models on two edges', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.worker('local');
    const free = { prompt: 0n, completion: 0n, version: 'v1' };
    await stack.put(
      aModel({ id: 'acme/small:free', endpoints: [anEndpoint({ tag: 'acme', price: free })] }),
      aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }),
      aModel({ id: 'local/own:free', endpoints: [anEndpoint({ provider: 'local', tag: 'local', price: free })] }),
    );
    edges = [await stack.edge({ EDGE_ID: 'one' }), await stack.edge({ EDGE_ID: 'two' })];
    for (const edge of edges) await stack.knows(edge, 3);
  }, 60_000);
  beforeEach(() => {
    stack.quota.perMinute = 20;
    stack.quota.perDay = 50;
  });
  afterAll(() => stack.stop(), 60_000);

  const messages = [{ role: 'user', content: 'hi' }];
  const ask = (secret: string, fields: object = {}, edge = edges[0]!) =>
    postJson(`${edge.url}/api/v1/chat/completions`, secret, { model: 'acme/small:free', messages, ...fields });
  const statusOf = async (response: Response | Promise<Response>) => {
    const answered = await response;
    await answered.text();
    return answered.status;
  };

  it('serve an account without credit exactly up to the limit, over both edges, under 200 requests at once', async () => {
    const { secret } = stack.customer(0);
    // A question to the ledger may take too long on a busy machine: then the request is made again.
    const patientStatus = async (edge: RunningEdge | undefined): Promise<number> => {
      const status = await statusOf(ask(secret, {}, edge));
      return status === 503 ? patientStatus(edge) : status;
    };
    const statuses = await Promise.all(Array.from({ length: 200 }, (_, index) => patientStatus(edges[index % 2])));
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(180);
  }, 30_000);

  it('say in OpenRouter’s words that the day is used up, and what would raise the limit', async () => {
    const { secret, key } = stack.customer(0);
    stack.quota.perDay = 2;
    for (let request = 0; request < 2; request += 1) expect(await statusOf(ask(secret))).toBe(200);
    const response = await ask(secret);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(3_600);
    const error = await errorOfResponse(response);
    expect(error.message).toBe(
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
    );
    expect(error.metadata).toMatchObject({
      code: 'free_model_limit',
      error_type: 'rate_limit_exceeded',
      limit_source: 'openrouter_free_tier_daily',
      headers: { 'X-RateLimit-Limit': '2', 'X-RateLimit-Remaining': '0' },
    });
    const headers = error.metadata['headers'] as Record<string, string>;
    expect(Number(headers['X-RateLimit-Reset'])).toBeGreaterThan(Date.now());
    stack.quota.bought.set(key.accountId, 10_000_000_000n);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await errorOfResponse(await ask(secret))).message).toBe('Rate limit exceeded: free-models-per-day.');
  });

  it('say when it is the minute', async () => {
    const { secret } = stack.customer(0);
    stack.quota.perMinute = 1;
    expect(await statusOf(ask(secret))).toBe(200);
    const response = await ask(secret);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await errorOfResponse(response)).metadata).toMatchObject({ limit_source: 'openrouter_free_tier_minute' });
  });

  it('give way to the next model of the request at the limit', async () => {
    const { secret } = stack.customer(1);
    stack.quota.perMinute = 1;
    const models = ['acme/small:free', 'acme/large'];
    const served = async () => {
      const response = await ask(secret, { model: undefined, models });
      return ((await response.json()) as { model: string }).model;
    };
    expect(await served()).toBe('acme/small:free');
    expect(await served()).toBe('acme/large');
  });

  it('leave paid models and models of an own server alone', async () => {
    const { secret, key } = stack.customer(1);
    stack.quota.perMinute = 0;
    expect(await statusOf(ask(secret, { model: 'acme/large' }))).toBe(200);
    expect(await statusOf(ask(secret, { model: 'local/own:free' }))).toBe(200);
    expect(stack.quota.used.has(key.accountId)).toBe(false);
  });

  it('do not count a request that is refused for another reason', async () => {
    const { secret, key } = stack.customer(0);
    const models = ['acme/small:free', 'acme/large'];
    for (let request = 0; request < 5; request += 1)
      expect(await statusOf(ask(secret, { model: undefined, models }))).toBe(402);
    expect(stack.quota.used.get(key.accountId)).toBe(1);
  });
});
