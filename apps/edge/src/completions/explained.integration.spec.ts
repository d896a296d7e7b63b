import type { DialectId } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { fail, speak } from '../testing/small-worker.js';
import type { SmallWorker } from '../testing/small-worker.js';

type Json = Record<string, unknown>;

const ASKED = { headers: { 'x-openrouter-metadata': 'enabled' } };
const REQUESTS: Readonly<Record<DialectId, { readonly path: string; readonly body: Json }>> = {
  'openai-chat': { path: 'chat/completions', body: { messages: [{ role: 'user', content: 'Hi' }] } },
  'openai-completions': { path: 'completions', body: { prompt: 'Hi' } },
  'openai-responses': { path: 'responses', body: { input: 'Hi' } },
  'anthropic-messages': { path: 'messages', body: { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] } },
  gemini: {
    path: 'models/MODEL:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
  },
};
const DIALECTS = Object.keys(REQUESTS) as DialectId[];

/** `metadata` of an error, which every dialect has in a place of its own. */
const metadataOf = ({ error }: Json): Json => {
  const { metadata, details } = error as { readonly metadata?: Json; readonly details?: readonly { metadata: Json }[] };
  return metadata ?? details![0]!.metadata;
};

describe('explained answers', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let acme: SmallWorker;
  let other: SmallWorker;
  let secret: string;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    other = (await stack.worker('other')).service;
    // Failures are remembered by endpoint, so those who fail on purpose have models of their own.
    const ids = ['large', ...DIALECTS, ...DIALECTS.map((dialect) => `cut-${dialect}`)].map((slug) => `acme/${slug}`);
    const endpoints = [anEndpoint({ tag: 'acme' }), anEndpoint({ tag: 'other', usdPerMillion: 3 })];
    await stack.put(...ids.map((id) => aModel({ id, endpoints })));
    edge = await stack.edge({ KEEP_ALIVE_MS: '60000' });
    await stack.knows(edge, ids.length);
    ({ secret } = stack.customer(5));
  }, 60_000);
  beforeEach(() => {
    for (const worker of [acme, other]) {
      worker.script = (scene) => speak(scene, ['Hello']);
      worker.calls = [];
    }
  });
  afterAll(() => stack.stop(), 60_000);

  const ask = (dialect: DialectId, fields: Json, init: RequestInit = {}, model = 'acme/large') => {
    const { path, body } = REQUESTS[dialect];
    const named = dialect === 'gemini' ? {} : { model };
    return postJson(
      `${edge.url}/api/v1/${path.replace('MODEL', model)}`,
      secret,
      { ...named, ...body, ...fields },
      init,
    );
  };
  const order = { provider: { order: ['acme'] } };

  it('C 58: tells the worker of the routing only when its client asked', async () => {
    await (await ask('openai-chat', order)).text();
    await (await ask('openai-chat', order, { headers: { 'x-openrouter-metadata': 'disabled' } })).text();
    await (await ask('openai-chat', { ...order, seed: 1 }, ASKED)).text();
    const [plain, disabled, asked] = acme.calls;
    expect([plain!.routing, disabled!.routing]).toEqual([undefined, undefined]);
    expect(asked!.routing).toMatchObject({
      requested: 'acme/large',
      strategy: 'direct',
      attempt: 1,
      summary: 'available=2, selected=Acme',
      attempts: [{ provider: 'Acme', status: 200, reason: 'order' }],
    });
  });

  it('C 58: tells a fallback of the attempts before it', async () => {
    acme.script = (scene) => fail(scene, 'upstream_error', { upstreamStatus: 503 });
    await (await ask('openai-chat', order, ASKED)).text();
    expect(other.calls[0]!.routing).toMatchObject({
      attempt: 2,
      summary: 'available=2, selected=Other',
      endpoints: {
        total: 2,
        available: [
          { provider: 'Acme', selected: false },
          { provider: 'Other', selected: true },
        ],
      },
      attempts: [
        { provider: 'Acme', status: 503, error_code: 'upstream_error' },
        { provider: 'Other', status: 200, reason: 'fallback' },
      ],
    });
  });

  it('refuses a value of the header that means nothing', async () => {
    const response = await ask('openai-chat', {}, { headers: { 'x-openrouter-metadata': 'true' } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('x-openrouter-metadata: must be enabled or disabled');
  });

  it.each(DIALECTS)('%s: a 404 counts what each filter left out, and is explained when asked', async (dialect) => {
    const fields = { provider: { only: ['other'], max_price: { prompt: '2' } } };
    const [plain, asked] = [await ask(dialect, fields), await ask(dialect, fields, ASKED)];
    const [untold, told] = [(await plain.json()) as Json, (await asked.json()) as Json];
    expect([plain.status, asked.status]).toEqual([404, 404]);
    const availability = {
      code: 'constraint_filtered',
      excluded_by: [
        { reason: 'allowed_providers', count: 1 },
        { reason: 'max_price', count: 1 },
      ],
      affected_providers: ['acme', 'other'],
    };
    for (const body of [untold, told]) expect(metadataOf(body)).toMatchObject({ code: 'no_endpoints', availability });
    expect(untold).not.toHaveProperty('openrouter_metadata');
    expect(told['openrouter_metadata']).toMatchObject({
      attempt: 0,
      attempts: [],
      endpoints: { total: 2, available: [], excluded_by: availability.excluded_by },
    });
    expect(acme.calls.length + other.calls.length).toBe(0);
  });

  it.each(DIALECTS)('%s: C 58, an error of all attempts tells every one of them', async (dialect) => {
    for (const worker of [acme, other])
      worker.script = (scene) => fail(scene, 'upstream_error', { upstreamStatus: 503 });
    const response = await ask(dialect, order, ASKED, `acme/${dialect}`);
    expect(response.status).toBe(502);
    const { openrouter_metadata: told } = (await response.json()) as { readonly openrouter_metadata: Json };
    expect(told['attempts']).toMatchObject([
      { provider: 'Acme', status: 503 },
      { provider: 'Other', status: 503 },
    ]);
    expect(told).toMatchObject({ attempt: 2, summary: 'available=2, selected=Other' });
  });

  it.each(['openai-chat', 'anthropic-messages'] as const)(
    '%s: an error in the middle of a stream is explained in its event',
    async (dialect) => {
      acme.script = async (scene) => {
        const { context, call } = scene;
        const renderer = dialectOf(call.dialect).createStreamRenderer(
          { generationId: call.generationId, created: 1, model: 'acme/large', providerName: 'Acme' },
          dialectOf(call.dialect).parseRequest(scene.body),
        );
        context.head({ status: 200, contentType: 'text/event-stream', upstreamStatus: 200, worker: 'w', headersMs: 1 });
        await context.write(Buffer.from(renderer.render({ type: 'text-delta', choice: 0, text: 'Hel' })));
        await fail(scene, 'upstream_disconnected', { phase: 'stream' });
      };
      const text = await (await ask(dialect, { ...order, stream: true }, ASKED, `acme/cut-${dialect}`)).text();
      const events = text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice('data: '.length)) as Json);
      expect(events.at(-1)).toMatchObject({
        error: expect.anything(),
        openrouter_metadata: { attempts: [{ provider: 'Acme', error_code: 'upstream_disconnected' }] },
      });
    },
  );

  it('explains what the books refuse, and not what never came to routing', async () => {
    const poor = stack.customer(0).secret;
    const body = { model: 'acme/large', messages: [{ role: 'user', content: 'Hi' }] };
    const refused = await postJson(`${edge.url}/api/v1/chat/completions`, poor, body, ASKED);
    expect(refused.status).toBe(402);
    expect(await refused.json()).toMatchObject({ openrouter_metadata: { attempt: 0, endpoints: { total: 2 } } });
    const invalid = await postJson(`${edge.url}/api/v1/chat/completions`, secret, { ...body, n: 'x' }, ASKED);
    expect(invalid.status).toBe(400);
    expect(await invalid.json()).not.toHaveProperty('openrouter_metadata');
  });
});
