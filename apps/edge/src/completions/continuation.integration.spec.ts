import { setTimeout as sleep } from 'node:timers/promises';
import { UsageEvent } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta, fail, speak } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const ON = { 'x-switchyard-continue': 'on' };

describe('an answer that breaks off', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let first: SmallWorker;
  let second: SmallWorker;
  let third: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    first = (await stack.worker('sandbox')).service;
    second = (await stack.worker('local')).service;
    third = (await stack.worker('mistral')).service;
    edge = await stack.edge({ ATTEMPT_WINDOW_MS: '20000' });
  }, 60_000);
  beforeEach(() => {
    for (const worker of [first, second, third]) {
      worker.script = (scene) => speak(scene, ['Hel', 'lo']);
      worker.calls = [];
      worker.bodies = [];
    }
  });
  afterAll(() => stack.stop(), 60_000);

  let models = 0;
  const aFreshModel = async (...tags: string[]) => {
    models += 1;
    const id = `fresh/model-${models}`;
    await stack.put(aModel({ id, endpoints: tags.map((tag) => anEndpoint({ tag, maxCompletionTokens: 1_000 })) }));
    await stack.knows(edge, models);
    return id;
  };
  const bodyOf = (model: string, fields: object = {}) => ({
    model,
    stream: true,
    messages: [{ role: 'user', content: 'Count.' }],
    provider: { order: ['sandbox', 'local', 'mistral'] },
    ...fields,
  });
  const ask = async (model: string, headers: Record<string, string> = ON, fields: object = {}) => {
    const { secret } = stack.customer(1);
    const response = await postJson(`${edge.url}/api/v1/chat/completions`, secret, bodyOf(model, fields), { headers });
    const events = (await response.text()).split('\n\n').flatMap((event) => {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      return data === undefined ? [] : [data];
    });
    const chunks = events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data) as Chunk);
    const id = response.headers.get('x-generation-id')!;
    const found = await fetch(`${edge.url}/api/v1/generation?id=${id}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    const { data } = (await found.json()) as { data: { attempts: unknown; total_cost: number } };
    const text = chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');
    return {
      chunks,
      text,
      done: events.at(-1) === '[DONE]',
      error: chunks.find(({ error }) => error)?.error,
      id,
      ...data,
    };
  };
  interface Chunk {
    readonly id: string;
    readonly provider?: string;
    readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
    readonly error?: { readonly code: number };
  }
  const booked = async (id: string) => {
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the entry' });
    return stack.ledger.usage.get(id);
  };
  const heldNanos = () => edge.app.get(CreditService, { strict: false }).heldNanos;
  /** Says the words, then breaks off; as the worker proper it leaves its usage to the edge where another may go on. */
  const breakOff = async (scene: Scene, words: readonly string[]) => {
    begin(scene);
    for (const word of words) await scene.context.write(delta(scene.call, word));
    const insured = { outcome: 'insured', finishReason: 'error' } as const;
    const usage = scene.call.continuable
      ? scene.worker.event(scene.call, words.length, insured)
      : await scene.worker.bill(scene.call, words.length, insured);
    await fail(scene, 'upstream_disconnected', { phase: 'stream', usage: UsageEvent.decode(usage) });
  };

  it('is gone on with by another endpoint of its model, under one id and one charge', async () => {
    const model = await aFreshModel('sandbox', 'local');
    first.script = (scene) => breakOff(scene, ['One', ' two ']);
    second.script = (scene) => speak(scene, [' three', ' four']);
    const answer = await ask(model, ON, { max_tokens: 100 });
    expect(answer).toMatchObject({ text: 'One two three four', done: true, error: undefined });
    expect(new Set(answer.chunks.map(({ id }) => id))).toEqual(new Set([answer.id]));
    expect(second.bodies[0]).toMatchObject({
      max_tokens: 98,
      messages: [{ role: 'user' }, { role: 'assistant', content: 'One two' }],
    });
    expect(first.calls[0]).toMatchObject({ continuable: true });
    expect(second.calls[0]).toMatchObject({
      continuable: true,
      continues: true,
      generationId: first.calls[0]!.generationId,
    });
    expect(answer.attempts).toMatchObject([
      {
        endpoint_id: `sandbox:${model}`,
        outcome: 'failed',
        left: 'continued',
        payer: 'house',
        cost: expect.stringMatching(/^0\.0/),
      },
      { endpoint_id: `local:${model}`, outcome: 'success', reason: 'continuation', payer: 'customer' },
    ]);
    expect(await booked(answer.id)).toMatchObject({ outcome: 'final', provider: 'local' });
    expect(answer.total_cost).toBeGreaterThan(0);
    expect(heldNanos()).toBe(0n);
  });

  it('is gone on with more than once, and insured when the last one breaks off as well', async () => {
    const model = await aFreshModel('sandbox', 'local', 'mistral');
    first.script = (scene) => breakOff(scene, ['One']);
    second.script = (scene) => breakOff(scene, [' two']);
    third.script = (scene) => breakOff(scene, [' three']);
    const answer = await ask(model);
    expect(answer).toMatchObject({ text: 'One two three', done: true, error: { code: 502 }, total_cost: 0 });
    expect(third.bodies[0]).toMatchObject({ messages: [{ role: 'user' }, { content: 'One two' }] });
    expect(await booked(answer.id)).toMatchObject({ outcome: 'insured', provider: 'mistral' });
    expect(answer.attempts).toMatchObject([{ left: 'continued' }, { left: 'continued' }, { left: null }]);
  });

  it('goes back to its own endpoint when there is no other', async () => {
    const model = await aFreshModel('sandbox');
    first.script = (scene) => (scene.call.continues ? speak(scene, [' two']) : breakOff(scene, ['One']));
    expect(await ask(model)).toMatchObject({ text: 'One two', done: true, error: undefined });
  });

  it('ends with an error, insured, when nobody goes on', async () => {
    const model = await aFreshModel('sandbox', 'local');
    first.script = (scene) => breakOff(scene, ['One']);
    second.script = (scene) => fail(scene, 'upstream_rejected', { upstreamStatus: 400 });
    const answer = await ask(model);
    expect(answer).toMatchObject({ text: 'One', done: true, error: { code: 502 }, total_cost: 0 });
    expect(await booked(answer.id)).toMatchObject({ outcome: 'insured', provider: 'sandbox' });
    expect(second.calls).toHaveLength(1);
    expect(first.calls).toHaveLength(1);
    expect(heldNanos()).toBe(0n);
  });

  it.each([
    ['its client did not ask', {}, {}],
    ['tools may be called', ON, { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['its structure is given', ON, { response_format: { type: 'json_object' } }],
  ])('ends with an error when %s', async (_why, headers: Record<string, string>, fields) => {
    const model = await aFreshModel('sandbox', 'local');
    first.script = (scene) => breakOff(scene, ['One']);
    const answer = await ask(model, headers, fields);
    expect(answer).toMatchObject({ text: 'One', done: true, error: { code: 502 }, total_cost: 0 });
    expect(first.calls[0]!.continuable).toBeUndefined();
    expect(second.calls).toEqual([]);
    expect(await booked(answer.id)).toMatchObject({ outcome: 'insured' });
  });

  it('costs nothing when its client leaves before anybody goes on', async () => {
    const model = await aFreshModel('sandbox', 'local');
    first.script = (scene) => breakOff(scene, ['One']);
    second.aborted = [];
    second.script = async (scene) => {
      await sleep(60_000, undefined, { signal: scene.context.signal, ref: false }).catch(() => undefined);
      await fail(scene, 'stream_lost');
    };
    const { secret } = stack.customer(1);
    const controller = new AbortController();
    const response = await postJson(`${edge.url}/api/v1/chat/completions`, secret, bodyOf(model), {
      headers: ON,
      signal: controller.signal,
    });
    const id = response.headers.get('x-generation-id')!;
    await waitUntil(() => second.calls.length === 1, { what: 'the continuation' });
    controller.abort();
    await waitUntil(() => second.aborted.length === 1, { what: 'the cancel' });
    expect(second.aborted).toEqual(['superseded']);
    expect(await booked(id)).toMatchObject({ outcome: 'insured', provider: 'sandbox' });
    await waitUntil(() => heldNanos() === 0n, { what: 'the hold' });
  });
});
