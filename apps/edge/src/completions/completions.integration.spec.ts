import { setTimeout as sleep } from 'node:timers/promises';
import { payersOf } from '@switchyard/pricing';
import { waitUntil } from '@switchyard/testing';
import OpenAI from 'openai';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { errorOfResponse, eventsOf, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta, fail, speak } from '../testing/small-worker.js';
import type { SmallWorker } from '../testing/small-worker.js';

const endpoint = (tag: string) => anEndpoint({ tag, maxCompletionTokens: 1_000 });

describe('completions', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let acme: SmallWorker;
  let backup: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    backup = (await stack.worker('backup')).service;
    await stack.put(
      aModel({ id: 'acme/large', endpoints: [endpoint('acme')] }),
      aModel({ id: 'acme/shared', endpoints: [endpoint('acme'), endpoint('backup')] }),
      aModel({ id: 'acme/other', endpoints: [endpoint('backup')] }),
      aModel({ id: 'acme/nobody', endpoints: [endpoint('nobody')] }),
    );
    edge = await stack.edge({ KEEP_ALIVE_MS: '150', SLOW_CLIENT_MS: '1500', ATTEMPT_WINDOW_MS: '20000' });
    await stack.knows(edge, 4);
  }, 60_000);
  beforeEach(() => {
    for (const worker of [acme, backup]) {
      worker.script = (scene) => speak(scene, ['Hel', 'lo']);
      worker.calls = [];
      worker.bodies = [];
      worker.aborted = [];
      worker.deliveries = [];
    }
  });
  afterAll(() => stack.stop(), 60_000);

  const messages = [{ role: 'user' as const, content: 'Say hello.' }];
  const url = () => `${edge.url}/api/v1/chat/completions`;
  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${edge.url}/v1`, maxRetries: 0 });
  const ask = (secret: string, body: object = {}, init?: RequestInit) =>
    postJson(url(), secret, { model: 'acme/large', messages, ...body }, init);
  const inOrder = { model: 'acme/shared', provider: { order: ['acme', 'backup'] } };
  /** Everything that was lent and not spent comes back into the room of the lease. */
  const held = () => {
    const service = edge.app.get(CreditService, { strict: false });
    return service.heldNanos;
  };

  it('answers the official client in one piece', async () => {
    const { secret } = stack.customer(1);
    const answer = await client(secret).chat.completions.create({ model: 'acme/large', messages });
    expect(answer.choices[0]?.message.content).toBe('Hello');
    expect(answer.id).toMatch(/^gen-\d{10}-[A-Za-z0-9]{20}$/);
  });

  it('streams to the official client under one id, which is also in the header', async () => {
    const { secret } = stack.customer(1);
    const { data: stream, response } = await client(secret)
      .chat.completions.create({ model: 'acme/large', messages, stream: true })
      .withResponse();
    let text = '';
    const ids = new Set<string>();
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      ids.add(chunk.id);
    }
    expect(text).toBe('Hello');
    expect([...ids]).toEqual([response.headers.get('x-generation-id')]);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each([true, false])('tells the worker that the client has the answer (stream: %s)', async (stream) => {
    const { secret } = stack.customer(1);
    await (await ask(secret, { stream })).text();
    await waitUntil(() => acme.deliveries.length === 1, { what: 'the confirmation', timeoutMs: 500 });
    expect(acme.deliveries).toEqual(['confirmed']);
  });

  it('speaks at once for a worker that died behind its answer', async () => {
    const dying = await stack.worker('dying');
    await stack.put(aModel({ id: 'dying/last', endpoints: [endpoint('dying')] }));
    await stack.knows(edge, 5);
    // The usage is in the last frame and never on the stream, as of a process that is killed in between.
    dying.service.bill = (call, tokens) => Promise.resolve(dying.service.event(call, tokens));
    const { secret } = stack.customer(1);
    const response = await ask(secret, { model: 'dying/last', stream: true });
    await response.text();
    const id = response.headers.get('x-generation-id')!;
    await dying.app.close();
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage', timeoutMs: 15_000 });
    expect(stack.ledger.usage.get(id)).toMatchObject({ outcome: 'final', witness: 'worker' });
  }, 30_000);

  it('estimates a cancelled answer whose worker never says how it ended, under a name that hides no later word', async () => {
    const silent = await stack.worker('silent');
    await stack.put(aModel({ id: 'silent/last', endpoints: [endpoint('silent')] }));
    await stack.knows(edge, 6);
    silent.service.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'x'.repeat(4_000)));
      // Deaf to the cancel, until the process is gone.
      await sleep(60_000, undefined, { ref: false });
    };
    const { secret, key } = stack.customer(1);
    const controller = new AbortController();
    const response = await ask(secret, { model: 'silent/last', stream: true }, { signal: controller.signal });
    const id = response.headers.get('x-generation-id')!;
    await response.body!.getReader().read();
    controller.abort();
    await waitUntil(() => silent.service.aborted.length > 0, { what: 'the cancel' });
    await silent.app.close();
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage', timeoutMs: 20_000 });
    const usage = stack.ledger.usage.get(id)!;
    expect(usage).toMatchObject({ outcome: 'estimate', witness: 'edge', cancelled: true, usage: { outputTokens: 16 } });
    expect(stack.ledger.accounts.get(key.accountId)?.spent).toBe(payersOf(usage).customerNanos);
    expect(held()).toBe(0n);
  }, 60_000);

  it('sends a whole answer with its length', async () => {
    const { secret } = stack.customer(1);
    const response = await ask(secret);
    const body = await response.text();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it('sends on what it parsed and not what was sent, so that a key given twice means one thing', async () => {
    const { secret } = stack.customer(1);
    const body = `{"model":"acme/nobody","messages":[{"role":"user","content":"x"}],"model":"acme/large"}`;
    const response = await postJson(url(), secret, body);
    expect(response.status).toBe(200);
    expect(acme.bodies[0]?.['model']).toBe('acme/large');
    await response.text();
  });

  it('tries the next endpoint as long as nothing was said, and bills only the one that spoke', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) => fail(scene, 'upstream_overloaded', { upstreamStatus: 503 });
    const response = await ask(secret, inOrder);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { provider: string }).provider).toBe('Backup');
    expect(acme.calls).toHaveLength(1);
    expect(backup.calls[0]?.attempt).toBe(2);
    expect(backup.calls[0]?.generationId).toBe(acme.calls[0]?.generationId);
  });

  it('goes to the next model, never to another endpoint, when the context is too long', async () => {
    const { secret } = stack.customer(1);
    const tooLong = (scene: Parameters<SmallWorker['script']>[0]) =>
      scene.call.endpoint.modelId === 'acme/shared'
        ? fail(scene, 'context_length_exceeded', { upstreamStatus: 400 })
        : speak(scene, ['fits']);
    acme.script = tooLong;
    backup.script = tooLong;
    const response = await ask(secret, { ...inOrder, models: ['acme/shared', 'acme/other'] });
    expect(response.status).toBe(200);
    expect(acme.calls.length).toBe(1);
    expect(backup.calls.map(({ endpoint: { modelId } }) => modelId)).toEqual(['acme/other']);
    await response.text();
  });

  it('repeats one 500 on the only endpoint, once', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) =>
      scene.call.attempt === 1 ? fail(scene, 'upstream_error', { upstreamStatus: 500 }) : speak(scene, ['again']);
    expect((await ask(secret)).status).toBe(200);
    acme.calls = [];
    acme.script = (scene) => fail(scene, 'upstream_error', { upstreamStatus: 500 });
    expect((await ask(secret)).status).toBe(502);
    expect(acme.calls).toHaveLength(2);
  });

  it('waits for a short Retry-After of the only endpoint', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) =>
      scene.call.attempt === 1
        ? fail(scene, 'upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 300 })
        : speak(scene, ['patience']);
    const startedMs = performance.now();
    expect((await ask(secret)).status).toBe(200);
    expect(performance.now() - startedMs).toBeGreaterThan(290);
  });

  it('answers with the last error, and the earlier ones beside it, when everything failed', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) => fail(scene, 'upstream_overloaded', { upstreamStatus: 503 });
    backup.script = (scene) =>
      fail(scene, 'upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 9_000, raw: 'slow' });
    const response = await ask(secret, inOrder);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('9');
    expect(response.headers.get('x-generation-id')).toMatch(/^gen-/);
    const error = await errorOfResponse(response);
    expect(error.metadata).toMatchObject({ error_type: 'rate_limit_exceeded', provider_name: 'Backup', raw: 'slow' });
    expect(error.metadata['previous_errors']).toEqual([
      { provider: 'Acme', model: 'acme/shared', code: 'upstream_overloaded', status: 503 },
    ]);
    expect(held()).toBe(0n);
  });

  it('says at once that nobody serves a provider', async () => {
    const { secret } = stack.customer(1);
    const response = await ask(secret, { model: 'acme/nobody' });
    expect(response.status).toBe(503);
    expect((await errorOfResponse(response)).metadata['code']).toBe('worker_unavailable');
  });

  it('fills silence with comments, and may still change the endpoint after one', async () => {
    const { secret } = stack.customer(1);
    acme.script = async (scene) => {
      await sleep(700);
      return fail(scene, 'upstream_timeout');
    };
    const response = await ask(secret, { ...inOrder, stream: true });
    const text = await response.text();
    expect(text).toMatch(/^: OPENROUTER PROCESSING\n\n/);
    const { events, done } = eventsOf(text);
    expect(done).toBe(true);
    expect(events.some((event) => 'error' in event)).toBe(false);
    expect(backup.calls).toHaveLength(1);
  });

  it('ends a stream that began with comments with an error event when nobody speaks', async () => {
    const { secret } = stack.customer(1);
    acme.script = async (scene) => {
      await sleep(500);
      return fail(scene, 'upstream_timeout');
    };
    const response = await ask(secret, { stream: true });
    expect(response.status).toBe(200);
    const { events, done } = eventsOf(await response.text());
    expect(done).toBe(true);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ error: { code: 524 }, choices: [{ finish_reason: 'error' }] });
  });

  it('ends a broken stream with one error event, and charges nothing', async () => {
    const { secret, key } = stack.customer(1);
    acme.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'Half an ans'));
      await sleep(50);
      await fail(scene, 'upstream_disconnected', { phase: 'stream' });
    };
    const response = await ask(secret, { ...inOrder, stream: true });
    const { events, done } = eventsOf(await response.text());
    expect(done).toBe(true);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({
      id: response.headers.get('x-generation-id'),
      error: { code: 502, message: 'Provider disconnected', metadata: { error_type: 'provider_unavailable' } },
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
    });
    expect(backup.calls).toHaveLength(0);
    await waitUntil(() => [...stack.ledger.usage.values()].some(({ keyId }) => keyId === key.id), {
      what: 'the usage',
    });
    const usage = [...stack.ledger.usage.values()].find(({ keyId }) => keyId === key.id);
    expect(usage).toMatchObject({ outcome: 'insured', witness: 'edge' });
    expect(stack.ledger.accounts.get(key.accountId)?.spent).toBe(0n);
    expect(held()).toBe(0n);
  });

  it('stops the worker as soon as the client leaves, and charges what was said', async () => {
    const { secret, key } = stack.customer(1);
    acme.script = (scene) =>
      speak(
        scene,
        Array.from({ length: 500 }, () => 'word '),
        20,
      );
    const controller = new AbortController();
    const response = await ask(secret, { stream: true }, { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    const id = response.headers.get('x-generation-id')!;
    const leftMs = performance.now();
    controller.abort();
    await waitUntil(() => acme.aborted.length > 0, { what: 'the cancel' });
    expect(performance.now() - leftMs).toBeLessThan(1_000);
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage' });
    expect(stack.ledger.usage.get(id)?.cancelled).toBe(true);
    await waitUntil(() => stack.ledger.generations.has(id), { what: 'the record' });
    expect(stack.ledger.generations.get(id)).toMatchObject({ cancelled: true, errorCode: null });
    expect(stack.ledger.accounts.get(key.accountId)?.spent).toBe(stack.ledger.usage.get(id)?.costNanos);
    expect(held()).toBe(0n);
  });

  it('stops the worker when the client leaves before the first word', async () => {
    const { secret } = stack.customer(1);
    acme.script = async (scene) => {
      await sleep(5_000, undefined, { signal: scene.context.signal }).catch(() => undefined);
      return fail(scene, 'client_closed_request');
    };
    const controller = new AbortController();
    const asked = ask(secret, { stream: false }, { signal: controller.signal }).catch(() => undefined);
    await waitUntil(() => acme.calls.length === 1, { what: 'the call' });
    controller.abort();
    await asked;
    await waitUntil(() => acme.aborted.length > 0, { what: 'the cancel' });
    await waitUntil(() => held() === 0n, { what: 'the hold' });
  });

  it('slows the worker down for a slow reader and cuts one that never reads', async () => {
    const { secret } = stack.customer(1);
    let written = 0;
    acme.script = async (scene) => {
      begin(scene);
      const block = delta(scene.call, 'x'.repeat(16_000));
      while (!scene.context.signal.aborted && written < 2_000) {
        await scene.context.write(block);
        written += 1;
      }
      return scene.context.end({ usage: await scene.worker.bill(scene.call, 5, { cancelled: true }) });
    };
    const { connect } = await import('node:net');
    const { port } = new URL(edge.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.pause();
    const body = JSON.stringify({ model: 'acme/large', messages, stream: true });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    socket.on('error', () => undefined);
    await waitUntil(() => acme.aborted.length > 0, { what: 'the cut', timeoutMs: 15_000 });
    expect(written).toBeLessThan(2_000);
    await waitUntil(() => held() === 0n, { what: 'the hold' });
    socket.destroy();
  }, 30_000);

  it('refuses a model that is not in the catalogue', async () => {
    const { secret } = stack.customer(1);
    const response = await ask(secret, { model: 'acme/unknown' });
    expect(response.status).toBe(400);
    expect((await errorOfResponse(response)).message).toBe('acme/unknown is not a valid model ID');
  });
});
