import { setTimeout as sleep } from 'node:timers/promises';
import { UsageEvent } from '@switchyard/contracts';
import OpenAI from 'openai';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { fail, speak } from '../testing/small-worker.js';
import type { SmallWorker } from '../testing/small-worker.js';

describe('a request with an Idempotency-Key', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];
  let worker: SmallWorker;
  let keys = 0;
  let key = '';

  beforeAll(async () => {
    stack = await SmallStack.start();
    worker = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edges = [await stack.edge({ EDGE_ID: 'one' }), await stack.edge({ EDGE_ID: 'two' })];
    for (const edge of edges) await stack.knows(edge, 1);
  }, 60_000);
  beforeEach(() => {
    worker.play((scene) => speak(scene, ['Hel', 'lo']));
    key = `order ${(keys += 1)}`;
  });
  afterAll(() => stack.stop(), 60_000);

  const messages = [{ role: 'user' as const, content: 'hi' }];
  const ask = (secret: string, fields: object = {}, { edge = 0, path = 'chat/completions', name = key } = {}) =>
    postJson(
      `${edges[edge]!.url}/api/v1/${path}`,
      secret,
      { model: 'acme/large', messages, ...fields },
      { headers: { 'idempotency-key': name } },
    );
  const statusOf = async (response: Response) => {
    await response.text();
    return response.status;
  };

  it('is served once among many at once on two edges, and the others learn by which generation', async () => {
    const { secret } = stack.customer(1);
    worker.script = async (scene) => {
      await sleep(500);
      return speak(scene, ['Hel', 'lo']);
    };
    const responses = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(secret, {}, { edge: index % 2 })));
    const served = responses.filter(({ status }) => status === 200);
    expect(served).toHaveLength(1);
    expect(worker.calls).toHaveLength(1);
    for (const response of responses) {
      if (response === served[0]) continue;
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([409, 'false']);
      const { metadata } = await errorOfResponse(response);
      expect(metadata['generation_id']).toBe(served[0]!.headers.get('x-generation-id'));
    }
  });

  it('is told afterwards that it was answered, streamed or not, in whatever order its keys come', async () => {
    const { secret } = stack.customer(1);
    for (const stream of [false, true]) {
      const name = `${key} ${stream}`;
      const first = await ask(secret, { stream, max_tokens: 50 }, { name });
      expect(await statusOf(first)).toBe(200);
      const id = first.headers.get('x-generation-id')!;
      await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage is applied' });
      const again = await ask(secret, { max_tokens: 50, stream }, { edge: 1, name });
      expect([again.status, again.headers.get('x-should-retry')]).toEqual([409, 'false']);
      expect((await errorOfResponse(again)).metadata).toMatchObject({
        code: 'idempotency_key_done',
        generation_id: id,
      });
    }
    expect(worker.calls).toHaveLength(2);
  });

  it('is refused with another body or at another address, and nothing is served', async () => {
    const { secret } = stack.customer(1);
    expect(await statusOf(await ask(secret))).toBe(200);
    for (const response of [
      await ask(secret, { temperature: 0 }),
      await ask(secret, { prompt: 'hi' }, { path: 'completions', edge: 1 }),
    ]) {
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([422, 'false']);
      expect((await errorOfResponse(response)).metadata).toMatchObject({ code: 'idempotency_key_mismatch' });
    }
    expect(worker.calls).toHaveLength(1);
  });

  it('does not meet the same key of another API key', async () => {
    for (const { secret } of [stack.customer(1), stack.customer(1)])
      expect(await statusOf(await ask(secret))).toBe(200);
  });

  it('may be tried again under its key when it failed before anything was used', async () => {
    const { secret, key: account } = stack.customer(0);
    expect(await statusOf(await ask(secret))).toBe(402);
    stack.ledger.deposit(account.accountId, 1_000_000_000n);
    await sleep(1_500);
    worker.script = (scene) => fail(scene, 'upstream_error');
    expect(await statusOf(await ask(secret))).toBe(502);
    worker.script = (scene) => speak(scene, ['Hel', 'lo']);
    expect(await statusOf(await ask(secret, {}, { edge: 1 }))).toBe(200);
  }, 20_000);

  it('keeps its key when it failed after something was used', async () => {
    const { secret } = stack.customer(1);
    worker.script = async (scene) => {
      const usage = await worker.bill(scene.call, 3, { outcome: 'insured' });
      return fail(scene, 'upstream_error', { usage: UsageEvent.decode(usage) });
    };
    expect(await statusOf(await ask(secret))).toBe(502);
    worker.script = (scene) => speak(scene, ['Hel', 'lo']);
    expect(await statusOf(await ask(secret))).toBe(409);
  });

  it('is not served while the ledger cannot say whether it was served before', async () => {
    const { secret } = stack.customer(1);
    expect(await statusOf(await ask(secret, {}, { name: `${key} before` }))).toBe(200);
    stack.idempotency.away = true;
    try {
      const response = await ask(secret);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect((await errorOfResponse(response)).metadata).toMatchObject({ code: 'service_unavailable' });
    } finally {
      stack.idempotency.away = false;
    }
    expect(worker.calls).toHaveLength(1);
    expect(await statusOf(await ask(secret))).toBe(200);
  });

  it('asks the ledger once, and a request without the header asks it nothing', async () => {
    const { secret } = stack.customer(1);
    const before = stack.idempotency.claims;
    expect(await statusOf(await ask(secret))).toBe(200);
    expect(stack.idempotency.claims - before).toBe(1);
    stack.idempotency.away = true;
    try {
      const body = { model: 'acme/large', messages };
      expect(await statusOf(await postJson(`${edges[0]!.url}/api/v1/chat/completions`, secret, body))).toBe(200);
    } finally {
      stack.idempotency.away = false;
    }
  });

  it('is refused when its key is empty or too long, before anybody is asked', async () => {
    const { secret } = stack.customer(1);
    const before = stack.idempotency.claims;
    for (const name of ['', 'x'.repeat(256)]) {
      const response = await ask(secret, {}, { name });
      expect(response.status).toBe(400);
      expect((await errorOfResponse(response)).message).toContain('Idempotency-Key');
    }
    expect(stack.idempotency.claims).toBe(before);
  });

  it('is refused in the words of its client, which does not try again by itself', async () => {
    const { secret } = stack.customer(1);
    const headers = { 'Idempotency-Key': key };
    const openai = new OpenAI({ baseURL: `${edges[0]!.url}/api/v1`, apiKey: secret, maxRetries: 2 });
    await openai.chat.completions.create({ model: 'acme/large', messages }, { headers });
    const claims = stack.idempotency.claims;
    await expect(openai.chat.completions.create({ model: 'acme/large', messages }, { headers })).rejects.toBeInstanceOf(
      OpenAI.ConflictError,
    );
    expect(stack.idempotency.claims - claims).toBe(1);
    const response = await ask(secret, { max_tokens: 50 }, { path: 'messages' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([422, 'false']);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: expect.any(String) } });
  });
});
