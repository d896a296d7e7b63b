import { STICKY_BUCKET, usageOf } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { dialectOf } from '@switchyard/protocols';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, fail, speak } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';
import { Stickiness } from './stickiness.service.js';

const [CHEAP, DEAR] = ['openai', 'together'];
const cents = (tag: string, prompt: bigint) =>
  anEndpoint({
    tag,
    maxCompletionTokens: 1_000,
    price: { version: 'v1', prompt, completion: prompt, cacheRead: prompt / 10n },
  });

/** Answers, and says that a part of the prompt came from its cache. */
async function answerFromCache({ call, context, worker, ...scene }: Scene): Promise<void> {
  begin({ call, context, worker, ...scene });
  const usage = usageOf({ source: 'reported', inputTokens: 4, cacheReadTokens: 6, outputTokens: 1, requests: 1 });
  const cost = costOf(usage, call.endpoint.price, call.admittedAtMs);
  const event = await worker.bill(call, 1, { usage, costPicos: cost.picos, costNanos: cost.nanos });
  await context.write(Buffer.from('{"choices":[]}'));
  await context.end({ usage: event });
}

describe('stickiness over two edges', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];
  let cheap: SmallWorker;
  let dear: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    cheap = (await stack.worker(CHEAP)).service;
    dear = (await stack.worker(DEAR)).service;
    // A draw of the dear one happens once in a hundred million requests.
    await stack.put(aModel({ endpoints: [cents(CHEAP, 1_000n), cents(DEAR, 10_000_000n)] }));
    edges = [await stack.edge({ EDGE_ID: 'one' }), await stack.edge({ EDGE_ID: 'two' })];
    for (const edge of edges) await stack.knows(edge, 1);
  }, 60_000);
  beforeEach(() => {
    for (const worker of [cheap, dear]) worker.script = (scene) => speak(scene, ['Hello']);
  });
  afterAll(() => stack.stop(), 60_000);

  const bodyOf = (text: string, fields: object = {}) => ({
    model: 'acme/large',
    messages: [{ role: 'user', content: text }],
    max_tokens: 10,
    ...fields,
  });
  type Customer = ReturnType<SmallStack['customer']>;
  /** Which provider answers, and why it was asked first. */
  async function served({ secret }: Customer, edge: number, body: object, headers = {}): Promise<string> {
    const url = `${edges[edge]!.url}/api/v1`;
    const response = await postJson(`${url}/chat/completions`, secret, body, { headers });
    expect(response.status).toBe(200);
    await response.text();
    const id = response.headers.get('x-generation-id') ?? '';
    const record = await fetch(`${url}/generation?id=${id}`, { headers: { authorization: `Bearer ${secret}` } });
    const { data } = (await record.json()) as { data: { attempts: { endpoint_id: string; reason: string }[] } };
    const last = data.attempts.at(-1);
    return `${last?.endpoint_id.split(':', 1)[0]} ${last?.reason}`;
  }
  const knows = (edge: number, { key }: Customer, body: object, there = true) => {
    const stickiness = edges[edge]!.app.get(Stickiness, { strict: false });
    const request = dialectOf('openai-chat').parseRequest(body);
    return waitUntil(() => (stickiness.stayOf(key, request, null).of('acme/large') !== null) === there, {
      what: `edge ${edge} to ${there ? 'know' : 'forget'} the place`,
    });
  };
  const only = { provider: { only: [DEAR] } };

  it('C 49: after cached usage the same conversation stays, on every edge, and others do not', async () => {
    const customer = stack.customer(1);
    dear.script = answerFromCache;
    expect(await served(customer, 0, bodyOf('About ferns', only))).toBe('together price_weighted');
    const body = bodyOf('About ferns');
    await knows(1, customer, body);
    expect(await served(customer, 0, body)).toBe('together sticky');
    expect(await served(customer, 1, body)).toBe('together sticky');
    expect(await served(customer, 1, bodyOf('About moss'))).toBe('openai price_weighted');
    expect(await served(stack.customer(1), 1, body)).toBe('openai price_weighted');
  }, 30_000);

  it('stays nowhere after an answer that used no cache', async () => {
    const customer = stack.customer(1);
    await served(customer, 0, bodyOf('About trees', only));
    expect(await served(customer, 0, bodyOf('About trees'))).toBe('openai price_weighted');
  }, 30_000);

  it('C 50: a session stays after its first success, not against an order, and leaves after an error', async () => {
    const customer = stack.customer(1);
    const session = { 'x-session-id': 'from the header' };
    const body = bodyOf('Anything', { session_id: 'mine' });
    await served(customer, 0, { ...body, ...only });
    await knows(1, customer, body);
    expect(await served(customer, 1, { ...body, messages: [{ role: 'user', content: 'Else' }] })).toBe(
      'together sticky',
    );
    expect(await served(customer, 1, bodyOf('Anything'), session)).toBe('openai price_weighted');
    expect(await served(customer, 1, { ...body, provider: { order: [CHEAP] } })).toBe('openai order');
    expect(await served(customer, 1, body)).toBe('together sticky');
    dear.script = (scene) => fail(scene, 'upstream_overloaded', { upstreamStatus: 529 });
    expect(await served(customer, 1, body)).toBe('openai fallback');
    dear.script = (scene) => speak(scene, ['Hello']);
    // It was served elsewhere, and that is its place now.
    await waitUntil(async () => (await served(customer, 0, body)) === 'openai sticky', { what: 'the new place' });
  }, 30_000);

  it('C 51: a conversation with sealed reasoning stays where it was made, and only then', async () => {
    const customer = stack.customer(1);
    const sealed = { type: 'reasoning.encrypted', data: 'opaque', format: 'unknown' };
    const history = (reasoning: object[]) =>
      bodyOf('Think', {
        messages: [
          { role: 'user', content: 'Think' },
          { role: 'assistant', content: 'So.', reasoning_details: reasoning },
          { role: 'user', content: 'Go on' },
        ],
      });
    await served(customer, 0, { ...history([sealed]), ...only });
    await knows(1, customer, history([sealed]));
    expect(await served(customer, 1, history([sealed]))).toBe('together sticky');
    expect(await served(customer, 1, history([]))).toBe('openai price_weighted');
  }, 30_000);

  it('tells other edges digests and endpoints, and nothing of a prompt or an account', async () => {
    const keys = await stack.bus.kv.keys(STICKY_BUCKET);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^[A-Za-z0-9_-]{32}$/);
      const entry = await stack.bus.kv.get(STICKY_BUCKET, key);
      const pin = JSON.parse(Buffer.from(entry?.value ?? []).toString()) as object;
      expect(Object.keys(pin).sort()).toEqual(['endpointId', 'idleMs', 'modelId', 'why', 'writtenAtMs']);
    }
  });
});
