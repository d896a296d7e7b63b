import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta, fail, speak } from '../testing/small-worker.js';
import type { Script, SmallWorker } from '../testing/small-worker.js';

const endpoint = (tag: string) => anEndpoint({ tag, maxCompletionTokens: 1_000 });
/** Both stop their bill when they are closed. */
const [SLOW, FAST] = ['openai', 'together'];

interface Row {
  readonly endpoint_id: string;
  readonly reason: string;
  readonly outcome: string;
  readonly left: string | null;
  readonly cost: string | null;
  readonly payer: string | null;
  readonly error_code: string | null;
}

describe('attempts', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let slow: SmallWorker;
  let fast: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    slow = (await stack.worker(SLOW)).service;
    fast = (await stack.worker(FAST)).service;
    edge = await stack.edge({ ATTEMPT_WINDOW_MS: '20000' });
  }, 60_000);
  beforeEach(() => {
    for (const worker of [slow, fast]) {
      worker.script = (scene) => speak(scene, ['Hel', 'lo']);
      worker.calls = [];
      worker.aborted = [];
      worker.deliveries = [];
    }
  });
  afterAll(() => stack.stop(), 60_000);

  let models = 0;
  /** Of its own for each test, so that no test sees the health that another one left. */
  const aFreshModel = async (...tags: string[]) => {
    models += 1;
    const id = `fresh/model-${models}`;
    await stack.put(aModel({ id, endpoints: tags.map(endpoint) }));
    await stack.knows(edge, models);
    return id;
  };
  const ask = async (model: string, body: object = {}, headers: Record<string, string> = {}) => {
    const { secret, key } = stack.customer(1);
    const asked = {
      model,
      messages: [{ role: 'user', content: 'Say hello.' }],
      provider: { order: [SLOW, FAST] },
      ...body,
    };
    const response = await postJson(`${edge.url}/api/v1/chat/completions`, secret, asked, { headers });
    const text = await response.text();
    const id = response.headers.get('x-generation-id')!;
    const rows = async (): Promise<Row[]> => {
      const found = await fetch(`${edge.url}/api/v1/generation?id=${id}`, {
        headers: { authorization: `Bearer ${secret}` },
      });
      return ((await found.json()) as { data: { attempts: Row[] } }).data.attempts;
    };
    return { status: response.status, text, id, rows, key };
  };
  const charges = (id: string) => stack.ledger.usage.get(id);
  const heldNanos = () => edge.app.get(CreditService, { strict: false }).heldNanos;
  /** Silent until it is called off; tells nothing that it used. */
  const silent: Script = async (scene) => {
    await sleep(60_000, undefined, { signal: scene.context.signal, ref: false }).catch(() => undefined);
    await fail(scene, 'stream_lost');
  };

  it('asks the same endpoint again after a single 500, and says so in the record', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = async (scene) =>
      slow.calls.length === 1 ? fail(scene, 'upstream_error', { upstreamStatus: 500 }) : speak(scene, ['Hello']);
    const { status, rows } = await ask(model);
    expect(status).toBe(200);
    expect([slow.calls.length, fast.calls.length]).toEqual([2, 0]);
    expect(await rows()).toMatchObject([
      { reason: 'order', outcome: 'failed', left: 'retry', payer: 'house', cost: null },
      { reason: 'retry', outcome: 'success', left: null, payer: 'customer' },
    ]);
  });

  it('goes elsewhere after a second 500', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = (scene) => fail(scene, 'upstream_error', { upstreamStatus: 500 });
    const { status, rows } = await ask(model);
    expect(status).toBe(200);
    expect((await rows()).map(({ endpoint_id, left }) => [endpoint_id.split(':', 1)[0], left])).toEqual([
      [SLOW, 'retry'],
      [SLOW, 'next_endpoint'],
      [FAST, null],
    ]);
  });

  it('makes no more attempts than the client allows', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = (scene) => fail(scene, 'upstream_timeout');
    const { status, rows } = await ask(model, {}, { 'x-switchyard-limits': 'attempts=1' });
    expect(status).toBe(524);
    expect(await rows()).toMatchObject([{ left: 'out_of_attempts' }]);
    expect(fast.calls).toEqual([]);
  });

  it('gives workers the deadlines that the client asks for, and what is left of the whole', async () => {
    const model = await aFreshModel(SLOW);
    await ask(model, {}, { 'x-switchyard-limits': 'first-token=1234,idle=567,connect=89,total=60000' });
    expect(slow.calls[0]!.timeouts).toMatchObject({ connectMs: 89, firstByteMs: 1234, idleMs: 567 });
    const { totalMs } = slow.calls[0]!.timeouts;
    expect(totalMs).toBeGreaterThan(0);
    expect(totalMs).toBeLessThanOrEqual(60_000);
  });

  it('refuses limits that it cannot read', async () => {
    const model = await aFreshModel(SLOW);
    expect((await ask(model, {}, { 'x-switchyard-limits': 'nonsense' })).status).toBe(400);
  });

  it('asks a second endpoint beside a slow one, cancels the loser, and charges the winner alone', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = silent;
    const { text, id, rows } = await ask(model, { stream: true }, { 'x-switchyard-hedge': '100' });
    expect(text).toContain('"Hel"');
    expect(text).toContain('[DONE]');
    await waitUntil(() => slow.aborted.length > 0, { what: 'the cancel of the loser' });
    expect(slow.aborted).toEqual(['superseded']);
    expect(await rows()).toMatchObject([
      { outcome: 'cancelled', left: 'superseded', payer: 'house', cost: expect.stringMatching(/^0\.0/) },
      { reason: 'hedge', outcome: 'success', left: null, payer: 'customer' },
    ]);
    await waitUntil(() => charges(id) !== undefined, { what: 'the charge' });
    expect(charges(id)).toMatchObject({ provider: FAST, outcome: 'final' });
    expect(heldNanos()).toBe(0n);
  });

  it('lets a slow endpoint win that speaks first after all', async () => {
    const model = await aFreshModel(SLOW, FAST);
    fast.script = silent;
    slow.script = async (scene) => {
      await waitUntil(() => fast.calls.length === 1, { what: 'the hedge' });
      await speak(scene, ['late']);
    };
    const { text, id, rows } = await ask(model, { stream: true }, { 'x-switchyard-hedge': '100' });
    expect(text).toContain('"late"');
    expect(await rows()).toMatchObject([{ outcome: 'success' }, { reason: 'hedge', left: 'superseded' }]);
    await waitUntil(() => charges(id) !== undefined, { what: 'the charge' });
    expect(charges(id)).toMatchObject({ provider: SLOW });
  });

  it('waits for the second when the first one fails, and tells of both when both do', async () => {
    /** The first fails beside the second, which then goes on with `script` when the edge has the failure. */
    const afterFirstFailed = (script: Script): void => {
      const failed = Promise.withResolvers<unknown>();
      fast.calls = [];
      slow.script = async (scene) => {
        await waitUntil(() => fast.calls.length === 1, { what: 'the hedge' });
        await fail(scene, 'upstream_disconnected');
        failed.resolve(scene.context.delivered);
      };
      fast.script = async (scene) => {
        await failed.promise;
        await script(scene);
      };
    };
    afterFirstFailed((scene) => speak(scene, ['Hello']));
    const served = await ask(await aFreshModel(SLOW, FAST), { stream: true }, { 'x-switchyard-hedge': '100' });
    expect(await served.rows()).toMatchObject([
      { error_code: 'upstream_disconnected', left: 'next_endpoint' },
      { reason: 'hedge', outcome: 'success' },
    ]);
    afterFirstFailed((scene) => fail(scene, 'upstream_overloaded', { upstreamStatus: 503 }));
    const failed = await ask(await aFreshModel(SLOW, FAST), { stream: true }, { 'x-switchyard-hedge': '100' });
    expect(failed.status).toBe(529);
    expect(JSON.parse(failed.text)).toMatchObject({
      error: { metadata: { previous_errors: [{ code: 'upstream_disconnected' }] } },
    });
  });

  it.each([
    ['without being asked to', { stream: true }, {}],
    ['for an answer in one piece', {}, { 'x-switchyard-hedge': '50' }],
    ['with a tool of the provider that acts', { stream: true, web_search_options: {} }, { 'x-switchyard-hedge': '50' }],
  ])('never asks twice %s', async (_when, body, headers: Record<string, string>) => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = async (scene) => {
      await sleep(400);
      await speak(scene, ['Hello']);
    };
    expect((await ask(model, body, headers)).status).toBe(200);
    expect(fast.calls).toEqual([]);
  });

  it('cancels both when the client leaves', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = silent;
    fast.script = silent;
    const { secret } = stack.customer(1);
    const controller = new AbortController();
    const body = {
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      provider: { order: [SLOW, FAST] },
    };
    const gone = postJson(`${edge.url}/api/v1/chat/completions`, secret, body, {
      signal: controller.signal,
      headers: { 'x-switchyard-hedge': '50' },
    }).catch(() => 'gone');
    await waitUntil(() => fast.calls.length === 1, { what: 'the hedge' });
    controller.abort();
    expect(await gone).toBe('gone');
    await waitUntil(() => slow.aborted.length + fast.aborted.length === 2, { what: 'both cancels' });
    await waitUntil(() => heldNanos() === 0n, { what: 'the hold' });
  });

  it('keeps retries of the whole process within the budget while a provider fails', async () => {
    const model = await aFreshModel(SLOW);
    let [repeating, most, repeats] = [0, 0, 0];
    slow.script = async (scene) => {
      const again = scene.call.attempt > 1 ? 1 : 0;
      repeats += again;
      repeating += again;
      most = Math.max(most, repeating);
      await sleep(100);
      repeating -= again;
      await fail(scene, 'upstream_error', { upstreamStatus: 500 });
    };
    await Promise.all(Array.from({ length: 30 }, () => ask(model)));
    // A fifth of what runs may ask again at a time, and never less than three.
    expect(repeats).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(6);
  });

  it('ends a slow first token by its own deadline alone', async () => {
    const model = await aFreshModel(SLOW, FAST);
    slow.script = async (scene) => {
      await sleep(1_200);
      begin(scene);
      await scene.context.write(delta(scene.call, 'slow but alive'));
      await scene.context.end({ usage: await slow.bill(scene.call, 1) });
    };
    const { text } = await ask(model, { stream: true });
    expect(text).toContain('slow but alive');
    expect(fast.calls).toEqual([]);
  });
});
