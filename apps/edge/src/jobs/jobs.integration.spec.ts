import { waitUntil } from '@switchyard/testing';
import OpenAI from 'openai';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, fail } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const endpoint = (tag: string, job: string) => anEndpoint({ tag, contextLength: 100, outputModalities: [job] });

/** Answers as a worker does: the body whole, the bill in the last frame. */
async function embed(scene: Scene): Promise<void> {
  const { call, context, worker } = scene;
  begin(scene);
  const usage = await worker.bill(call, 0);
  await context.write(
    Buffer.from(
      JSON.stringify({
        id: call.generationId,
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }],
      }),
    ),
  );
  return context.end({ usage });
}

describe('jobs', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let acme: SmallWorker;
  let backup: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    backup = (await stack.worker('backup')).service;
    await stack.put(
      aModel({ id: 'acme/chat' }),
      aModel({ id: 'acme/embed', endpoints: [endpoint('acme', 'embeddings'), endpoint('backup', 'embeddings')] }),
      aModel({ id: 'acme/rerank', endpoints: [endpoint('acme', 'rerank')] }),
    );
    edge = await stack.edge({ ATTEMPT_WINDOW_MS: '20000' });
    await stack.knows(edge, 3);
  }, 60_000);
  beforeEach(() => {
    for (const worker of [acme, backup]) worker.play(embed);
  });
  afterAll(() => stack.stop(), 60_000);

  const post = (secret: string, job: string, body: object) => postJson(`${edge.url}/api/v1/${job}`, secret, body);
  const heldNanos = () => edge.app.get(CreditService, { strict: false }).heldNanos;
  const inOrder = { provider: { order: ['acme', 'backup'] } };

  it('reach a worker as what they are, with what the client sent', async () => {
    const { secret } = stack.customer(1);
    const response = await post(secret, 'embeddings', { model: 'acme/embed', input: ['a', 'b'], ...inOrder });
    expect(response.status).toBe(200);
    expect(acme.calls[0]).toMatchObject({
      job: 'embeddings',
      stream: false,
      endpoint: { outputModalities: ['embeddings'] },
    });
    expect(acme.bodies[0]).toMatchObject({ input: ['a', 'b'] });
    const { id } = (await response.json()) as { id: string };
    expect(response.headers.get('x-generation-id')).toBe(id);
  });

  it('are read by the official client, which asks for base64 by itself', async () => {
    const { secret } = stack.customer(1);
    const client = new OpenAI({ apiKey: secret, baseURL: `${edge.url}/v1`, maxRetries: 0 });
    const answer = await client.embeddings.create({ model: 'acme/embed', input: 'a', encoding_format: 'float' });
    expect(answer.data[0]?.embedding).toEqual([0.5, 1]);
    await client.embeddings.create({ model: 'acme/embed', input: 'a' });
    expect([...acme.bodies, ...backup.bodies]).toContainEqual(expect.objectContaining({ encoding_format: 'base64' }));
  });

  it('are found as generations of their kind, with what they cost', async () => {
    const { secret } = stack.customer(1);
    const { headers } = await post(secret, 'embeddings', { model: 'acme/embed', input: 'a', user: 'me', ...inOrder });
    const id = headers.get('x-generation-id') ?? '';
    const response = await fetch(`${edge.url}/api/v1/generation?id=${id}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    const { data } = (await response.json()) as { data: Record<string, unknown> };
    expect(data).toMatchObject({
      id,
      api_type: 'embeddings',
      model: 'acme/embed',
      streamed: false,
      total_cost: 0.00001,
      status: 200,
    });
    expect(data['external_user']).not.toBe('me');
  });

  it('are tried elsewhere when a provider fails', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) => fail(scene, 'upstream_error', { upstreamStatus: 500 });
    const response = await post(secret, 'embeddings', { model: 'acme/embed', input: 'a', ...inOrder });
    expect(response.status).toBe(200);
    expect(backup.calls).toHaveLength(1);
  });

  it('hold the bound of all texts together while they run, and nothing afterwards', async () => {
    const { secret } = stack.customer(1);
    await waitUntil(() => heldNanos() === 0n, { what: 'nothing is held' });
    let held = 0n;
    acme.script = async (scene) => {
      held = heldNanos();
      await embed(scene);
    };
    const input = Array.from({ length: 50 }, () => 'x'.repeat(90));
    await post(secret, 'embeddings', { model: 'acme/embed', input, provider: { only: ['acme'] } });
    // A dollar per million tokens, at most one token for a byte, though only 100 fit into the context at a time.
    expect(held).toBeGreaterThanOrEqual(4_500_000n);
    expect(held).toBe(acme.calls[0]?.boundNanos);
    await waitUntil(() => heldNanos() === 0n, { what: 'the hold is settled' });
  });

  it('that nobody could pay for are refused before a provider hears of them', async () => {
    const { secret } = stack.customer(0.001);
    const response = await post(secret, 'embeddings', {
      model: 'acme/embed',
      input: Array.from({ length: 2_000 }, () => 'x'.repeat(90)),
    });
    expect(response.status).toBe(402);
    expect((await errorOfResponse(response)).message).toMatch(/^Prompt tokens limit exceeded: 180000 > \d+\./);
    expect([...acme.calls, ...backup.calls]).toEqual([]);
  });

  it.each([
    ['embeddings', { model: 'acme/chat', input: 'a' }, 404],
    ['rerank', { model: 'acme/embed', query: 'a', documents: ['b'] }, 404],
    ['chat/completions', { model: 'acme/embed', messages: [{ role: 'user', content: 'x' }] }, 404],
    [
      'chat/completions',
      { model: 'acme/embed', modalities: ['embeddings'], messages: [{ role: 'user', content: 'x' }] },
      404,
    ],
    ['embeddings', { model: 'acme/nothing', input: 'a' }, 400],
    ['embeddings', { model: 'acme/embed', input: '' }, 400],
    ['embeddings', { model: 'acme/embed', input: 'x'.repeat(700) }, 400],
    ['rerank', { model: 'acme/rerank', query: 'a', documents: [] }, 400],
  ])('%s refuses %j', async (job, body, status) => {
    const { secret } = stack.customer(1);
    const response = await post(secret, job, body);
    expect(response.status).toBe(status);
    expect(acme.calls).toEqual([]);
  });

  it('need a key', async () => {
    const response = await post('sk-nobody', 'rerank', { model: 'acme/rerank', query: 'a', documents: ['b'] });
    expect(response.status).toBe(401);
  });
});
