import { generateApiKey } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';

describe('keys on two edges', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edges = [
      await stack.edge({ EDGE_ID: 'one' }),
      await stack.edge({ EDGE_ID: 'two', KEY_MISSES_PER_SECOND: '1', KEY_MISS_BURST: '30' }),
    ];
    for (const edge of edges) await stack.knows(edge, 1);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const body = { model: 'acme/large', messages: [{ role: 'user', content: 'hi' }] };
  const ask = (edge: RunningEdge, secret: string) => postJson(`${edge.url}/v1/chat/completions`, secret, body);
  const statusOn = async (edge: RunningEdge, secret: string) => {
    const response = await ask(edge, secret);
    await response.text();
    return response.status;
  };

  it('asks auth once for many requests with a key', async () => {
    const { secret } = stack.customer(1);
    const before = stack.auth.resolved;
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOn(edges[0]!, secret)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(stack.auth.resolved - before).toBe(1);
  });

  it('asks auth once for a wrong key', async () => {
    const wrong = generateApiKey('inference');
    const before = stack.auth.resolved;
    for (let round = 0; round < 5; round += 1) expect(await statusOn(edges[0]!, wrong)).toBe(401);
    expect(stack.auth.resolved - before).toBe(1);
  });

  it('refuses a revoked key on every edge within a second', async () => {
    const { secret, key } = stack.customer(1);
    for (const edge of edges) expect(await statusOn(edge, secret)).toBe(200);
    await stack.auth.revoke({ accountId: key.accountId, digest: key.digest });
    const revokedMs = performance.now();
    for (const edge of edges)
      await waitUntil(async () => (await statusOn(edge, secret)) === 401, { what: 'the refusal', timeoutMs: 1_000 });
    expect(performance.now() - revokedMs).toBeLessThan(1_000);
    expect((await errorOfResponse(await ask(edges[0]!, secret))).metadata['code']).toBe('revoked_key');
  });

  it('takes over a lower limit at once', async () => {
    const { secret, key } = stack.customer(1);
    expect(await statusOn(edges[0]!, secret)).toBe(200);
    await stack.auth.update({ accountId: key.accountId, digest: key.digest, changes: { limitNanos: 1n } });
    await waitUntil(async () => (await statusOn(edges[0]!, secret)) === 403, { what: 'the limit', timeoutMs: 2_000 });
  });

  it('limits look-ups of unknown keys by address, and known keys pass all the same', async () => {
    const { secret } = stack.customer(1);
    expect(await statusOn(edges[1]!, secret)).toBe(200);
    const statuses: number[] = [];
    for (let round = 0; round < 60; round += 1) statuses.push(await statusOn(edges[1]!, generateApiKey('inference')));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(await statusOn(edges[1]!, secret)).toBe(200);
  }, 20_000);

  it('does not count requests that wait for the same answer as look-ups', async () => {
    // The burst of this edge is 30, and the test before has emptied it: one look-up must be enough for them all.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { secret } = stack.customer(1);
    const before = stack.auth.resolved;
    const statuses = await Promise.all(Array.from({ length: 40 }, () => statusOn(edges[1]!, secret)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(stack.auth.resolved - before).toBe(1);
  });

  it('checks the expiry of a cached key itself', async () => {
    const { secret } = stack.customer(1, { expiresAt: new Date(Date.now() + 1_000).toISOString() });
    expect(await statusOn(edges[0]!, secret)).toBe(200);
    await waitUntil(async () => (await statusOn(edges[0]!, secret)) === 401, { what: 'the expiry', timeoutMs: 3_000 });
    expect((await errorOfResponse(await ask(edges[0]!, secret))).metadata['code']).toBe('expired_key');
  });

  it('asks again for every key after the broker was away', async () => {
    const { secret } = stack.customer(1);
    expect(await statusOn(edges[0]!, secret)).toBe(200);
    await stack.nats.kill9();
    await stack.nats.start();
    const before = stack.auth.resolved;
    await waitUntil(async () => (await statusOn(edges[0]!, secret)) === 200, { what: 'the answer', timeoutMs: 15_000 });
    await waitUntil(
      async () => {
        await statusOn(edges[0]!, secret);
        return stack.auth.resolved > before;
      },
      { what: 'the question', timeoutMs: 15_000 },
    );
  }, 40_000);

  it('lets known keys go on while auth is away, and asks unknown ones to come back', async () => {
    const known = stack.customer(1).secret;
    expect(await statusOn(edges[0]!, known)).toBe(200);
    await stack.authApp.close();
    expect(await statusOn(edges[0]!, known)).toBe(200);
    const response = await ask(edges[0]!, stack.customer(1).secret);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  }, 20_000);
});
