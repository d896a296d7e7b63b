import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { LoadService } from '../process/load.service.js';
import { eventsOf, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta, fail, speak } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const ON = { 'x-openrouter-cache': 'true' };
const MODEL = 'acme/large';

interface Chat {
  readonly id: string;
  readonly created: number;
  readonly choices: { readonly message: { readonly content: string } }[];
  readonly usage: Record<string, unknown>;
}

describe('the response cache', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let bare: RunningEdge;
  let acme: SmallWorker;
  let secret: string;
  let accountId: string;
  let number = 0;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: MODEL, endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edge = await stack.edge({ CACHE_MAX_ENTRY_BYTES: '20000' });
    bare = await stack.edge({ VAULT_SECRET: '', EDGE_ID: 'bare' });
    await stack.knows(edge, 1);
    await stack.knows(bare, 1);
  }, 60_000);
  beforeEach(() => {
    acme.play((scene) => speak(scene, [`Answer ${acme.calls.length}`]));
    stack.vault.away = false;
    const customer = stack.customer(1);
    ({ secret } = customer);
    ({ accountId } = customer.key);
  });
  afterAll(() => stack.stop(), 60_000);

  /** A question that no other test asks. */
  const question = (fields: object = {}) => {
    number += 1;
    return { model: MODEL, messages: [{ role: 'user', content: `Question ${number}` }], ...fields };
  };
  const ask = (
    body: unknown,
    headers: Record<string, string> = ON,
    { key = secret, at = edge, signal = null as AbortSignal | null } = {},
  ) => postJson(`${at.url}/api/v1/chat/completions`, key, body, { headers, signal });
  const status = (response: Response) => response.headers.get('x-openrouter-cache-status');
  const statuses = (answers: readonly Response[]) => answers.map((answer) => String(status(answer))).toSorted();
  const chat = async (response: Response) => (await response.json()) as Chat;
  const places = (owner = accountId) => [...stack.vault.entries.keys()].filter((place) => place.startsWith(owner));
  const stored = (entries: number, owner = accountId) =>
    waitUntil(() => places(owner).length === entries, { what: `${entries} entries in the vault` });

  it('gives the answer again: under a new id, at no cost, and nobody is asked', async () => {
    const body = question();
    const first = await ask(body, { ...ON, 'x-openrouter-cache-ttl': '60abc' });
    expect([status(first), first.headers.get('x-openrouter-cache-ttl')]).toEqual(['MISS', '60']);
    const made = await chat(first);
    const second = await ask(body);
    expect(second.status).toBe(200);
    expect(status(second)).toBe('HIT');
    expect(second.headers.get('x-openrouter-cache-source-id')).toBe(made.id);
    expect(Number(second.headers.get('x-openrouter-cache-age'))).toBeLessThan(60);
    expect(Number(second.headers.get('x-openrouter-cache-ttl'))).toBeLessThanOrEqual(60);
    const again = await chat(second);
    expect(again.id).toBe(second.headers.get('x-generation-id'));
    expect(again.id).not.toBe(made.id);
    expect(again.choices).toEqual(made.choices);
    expect(again.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cost: 0 });
    expect(acme.calls).toHaveLength(1);

    const record = await fetch(`${edge.url}/api/v1/generation?id=${again.id}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(await record.json()).toMatchObject({
      data: {
        model: MODEL,
        provider_name: expect.any(String),
        response_cache_source_id: made.id,
        total_cost: 0,
        tokens_prompt: 0,
        tokens_completion: 0,
        finish_reason: 'stop',
        attempts: [],
        bound: '0',
      },
    });
    expect(stack.ledger.usage.has(again.id)).toBe(false);
  });

  it('replays a stream as a stream, apart from the same question in one piece', async () => {
    const body = question();
    const made = eventsOf(await (await ask({ ...body, stream: true })).text());
    await chat(await ask(body));
    const response = await ask({ ...body, stream: true });
    expect(status(response)).toBe('HIT');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const again = eventsOf(await response.text());
    expect(again.done).toBe(true);
    expect(again.events).toHaveLength(made.events.length);
    expect(new Set(again.events.map(({ id }) => id))).toEqual(new Set([response.headers.get('x-generation-id')]));
    expect(again.events.at(-1)).toMatchObject({ usage: { completion_tokens: 0, cost: 0 } });
    expect(acme.calls).toHaveLength(2);
  });

  it('is asked only where somebody wants it, and never for keys that say no', async () => {
    const body = question();
    const key = { accountId: crypto.randomUUID() };
    const no = stack.customer(1, { ...key, cacheEnabled: false });
    const yes = stack.customer(1, { ...key, cacheEnabled: true, cacheTtlSeconds: 77 });
    const reads = stack.vault.reads;
    for (const headers of [{}, { 'x-openrouter-cache': 'false' }] as Record<string, string>[])
      expect(status(await ask(body, headers))).toBeNull();
    expect(status(await ask(body, ON, { key: no.secret }))).toBeNull();
    expect(status(await ask(body, { 'x-openrouter-cache': 'false' }, { key: yes.secret }))).toBeNull();
    expect(stack.vault.reads).toBe(reads);
    const first = await ask(body, {}, { key: yes.secret });
    expect([status(first), first.headers.get('x-openrouter-cache-ttl')]).toEqual(['MISS', '77']);
    expect(status(await ask(body, {}, { key: yes.secret }))).toBe('HIT');
  });

  it('never meets another request, another key of the account or another account', async () => {
    const { key, secret: own } = stack.customer(1);
    const sibling = stack.customer(1, { accountId: key.accountId }).secret;
    const body = question();
    await chat(await ask(body, ON, { key: own }));
    await stored(1, key.accountId);
    expect(status(await ask(body, ON, { key: own }))).toBe('HIT');
    expect(status(await ask(body, ON, { key: sibling }))).toBe('MISS');
    expect(status(await ask(body, ON))).toBe('MISS');
    const { model, messages } = body;
    const others = [
      { ...body, seed: 1 },
      { ...body, provider: { order: ['acme'] } },
      { ...body, models: [MODEL] },
      { ...body, unknown_field: true },
      { ...body, messages: [...messages, { role: 'user', content: '' }] },
      { messages, model },
    ];
    for (const other of others) expect(status(await ask(other, ON, { key: own }))).toBe('MISS');
    expect(status(await ask(body, { ...ON, 'x-switchyard-strict': 'true' }, { key: own }))).toBe('MISS');
    expect(status(await ask(body, { ...ON, 'anthropic-beta': 'files-api-2025-04-14' }, { key: own }))).toBe('MISS');
    // White space is not part of a request.
    expect(status(await ask(JSON.stringify(body, null, 2), ON, { key: own }))).toBe('HIT');
  });

  it('keeps neither errors, nor answers that broke off, nor what is too long', async () => {
    acme.script = (scene) => fail(scene, 'upstream_rejected');
    const refused = question();
    expect((await ask(refused)).status).toBe(400);
    acme.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'Hal'));
      await fail(scene, 'upstream_disconnected');
    };
    const broken = question({ stream: true });
    expect(await (await ask(broken)).text()).toContain('"error"');
    const left = question({ stream: true });
    const leaving = new AbortController();
    const gone = Promise.withResolvers<void>();
    acme.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'Ha'));
      await new Promise((resolve) => scene.context.signal.addEventListener('abort', resolve, { once: true }));
      await fail(scene, 'client_closed_request');
      gone.resolve();
    };
    const response = await ask(left, ON, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    await gone.promise;
    acme.script = (scene) => speak(scene, ['long '.repeat(5_000)]);
    const long = question();
    await chat(await ask(long));

    acme.script = (scene) => speak(scene, ['fine']);
    for (const body of [refused, broken, left, long]) {
      const answer = await ask(body);
      expect(status(answer)).toBe('MISS');
      await answer.text();
    }
    await stored(4);
  });

  it('is cleared for one request, which makes it anew', async () => {
    const body = question();
    const made = await chat(await ask(body));
    const cleared = await ask(body, { ...ON, 'x-openrouter-cache-clear': 'true' });
    expect(status(cleared)).toBe('MISS');
    const anew = await chat(cleared);
    expect(anew.choices).not.toEqual(made.choices);
    const hit = await ask(body);
    expect(hit.headers.get('x-openrouter-cache-source-id')).toBe(anew.id);
  });

  it('forgets: an answer is not given again after its life', async () => {
    const body = question();
    await chat(await ask(body, { ...ON, 'x-openrouter-cache-ttl': '1' }));
    await waitUntil(async () => status(await ask(body, { ...ON, 'x-openrouter-cache-ttl': '1' })) === 'MISS', {
      what: 'the end of its life',
      timeoutMs: 20_000,
    });
  }, 30_000);

  it('is a miss where what it holds cannot be opened', async () => {
    const body = question();
    await chat(await ask(body));
    await stored(1);
    for (const place of places()) {
      const [part] = stack.vault.entries.get(place)!;
      const broken = Buffer.from(part!.bytes, 'base64');
      broken[40]! ^= 1;
      stack.vault.entries.set(place, [{ ...part!, bytes: broken.toString('base64') }]);
    }
    // The edge may still know that it stored it.
    const missed = async () => {
      const made = await ask(body);
      expect([made.status, (await chat(made)).choices]).toEqual([200, expect.any(Array)]);
      return status(made) === 'MISS';
    };
    await waitUntil(missed, { what: 'a miss' });
  });

  it('is a miss while the vault is away, which nobody waits for', async () => {
    const lonely = await stack.edge({ EDGE_ID: 'lonely' });
    await stack.knows(lonely, 1);
    stack.vault.away = true;
    const body = question();
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await ask(body, ON, { at: lonely });
      expect([answer.status, status(answer)]).toEqual([200, 'MISS']);
      await answer.text();
    }
    expect(acme.calls).toHaveLength(3);
  }, 30_000);

  it('is not there without a secret, and nobody fails for it', async () => {
    const body = question();
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = await ask(body, ON, { at: bare });
      expect([answer.status, status(answer)]).toEqual([200, null]);
      await answer.text();
    }
    expect(acme.calls).toHaveLength(2);
    expect(places()).toEqual([]);
  });

  it('marks a hit as the answer of its idempotency key', async () => {
    const body = question();
    await chat(await ask(body));
    const named = { ...ON, 'idempotency-key': 'once' };
    expect(status(await ask(body, named))).toBe('HIT');
    expect((await ask(body, named)).status).toBe(409);
  });

  describe('of identical requests at once', () => {
    const TOGETHER = { ...ON, 'x-switchyard-cache-coalesce': 'true' };
    let release: () => void;
    let waiting: Scene[];
    const all = (count: number, body: unknown, headers = TOGETHER) =>
      Array.from({ length: count }, () => ask(body, headers));
    const begun = (count: number) => waitUntil(() => waiting.length >= count, { what: 'the provider is asked' });

    beforeEach(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      release = resolve;
      waiting = [];
      acme.script = async (scene) => {
        waiting.push(scene);
        await promise;
        await speak(scene, ['one for all']);
      };
    });

    it('lets one ask where they want it, and the others have its answer and pay nothing', async () => {
      const asked = all(6, question());
      await begun(1);
      release();
      const answers = await Promise.all(asked);
      expect(statuses(answers)).toEqual(['HIT', 'HIT', 'HIT', 'HIT', 'HIT', 'MISS']);
      const bodies = await Promise.all(answers.map(chat));
      expect(new Set(bodies.map(({ id }) => id)).size).toBe(6);
      expect(new Set(bodies.map(({ choices }) => choices[0]?.message.content))).toEqual(new Set(['one for all']));
      expect(acme.calls).toHaveLength(1);
      const billed = () => bodies.filter(({ id }) => stack.ledger.usage.has(id)).length;
      await waitUntil(() => billed() > 0, { what: 'the bill' });
      expect(billed()).toBe(1);
    });

    it('asks for each where they do not', async () => {
      const asked = all(3, question(), ON as typeof TOGETHER);
      await begun(3);
      release();
      expect((await Promise.all(asked)).map(status)).toEqual(['MISS', 'MISS', 'MISS']);
    });

    it('lets the next one lead when the first one fails, and nobody else ask meanwhile', async () => {
      const load = edge.app.get(LoadService, { strict: false });
      let calls = 0;
      acme.script = async (scene) => {
        calls += 1;
        if (calls > 1) return speak(scene, ['second try']);
        await waitUntil(() => load.runningGenerations === 4, { what: 'the others have come' });
        return fail(scene, 'upstream_rejected');
      };
      const answers = await Promise.all(all(4, question()));
      expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 400]);
      const served = answers.filter((answer) => answer.status === 200);
      expect(statuses(served)).toEqual(['HIT', 'HIT', 'MISS']);
      expect(calls).toBe(2);
    });

    it('lets the next one lead when the client of the first one leaves', async () => {
      const body = question();
      const leaving = new AbortController();
      let calls = 0;
      acme.script = async (scene) => {
        calls += 1;
        waiting.push(scene);
        if (calls > 1) return speak(scene, ['for who stayed']);
        await new Promise((resolve) => scene.context.signal.addEventListener('abort', resolve, { once: true }));
        return fail(scene, 'client_closed_request');
      };
      const first = ask(body, TOGETHER, { signal: leaving.signal }).catch(() => null);
      await begun(1);
      const second = ask(body, TOGETHER);
      leaving.abort();
      await first;
      const answer = await second;
      expect(status(answer)).toBe('MISS');
      expect((await chat(answer)).choices[0]?.message.content).toBe('for who stayed');
      expect(calls).toBe(2);
    });

    it('waits no longer than its patience', async () => {
      const hasty = await stack.edge({ CACHE_COALESCE_WAIT_MS: '200', EDGE_ID: 'hasty' });
      await stack.knows(hasty, 1);
      const body = question();
      const asked = [ask(body, TOGETHER, { at: hasty })];
      await begun(1);
      asked.push(ask(body, TOGETHER, { at: hasty }));
      await begun(2);
      release();
      expect((await Promise.all(asked)).map(status)).toEqual(['MISS', 'MISS']);
    }, 30_000);
  });
});
