import { setTimeout as sleep } from 'node:timers/promises';
import type { DialectId } from '@switchyard/contracts';
import { usageOf } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, fail } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const billing = {
  usage: usageOf({ source: 'reported', inputTokens: 10, outputTokens: 2, requests: 1 }),
  costNanos: 1n,
  promptCostNanos: 1n,
  completionCostNanos: 0n,
};

/** Says the words as the real renderers of the call's dialect write them. */
async function speakDialect(scene: Scene, words: readonly string[], pauseMs = 0): Promise<void> {
  const { call, body, context, worker } = scene;
  const { endpoint, dialect: id } = call;
  const dialect = dialectOf(id);
  const request = dialect.parseRequest(body);
  const facts = {
    generationId: call.generationId,
    created: call.created,
    model: endpoint.modelId,
    providerName: endpoint.providerName,
  };
  await sleep(pauseMs);
  begin(scene);
  const finish = { type: 'finish', choice: 0, reason: 'stop', nativeReason: 'stop' } as const;
  const events = [...words.map((text) => ({ type: 'text-delta', choice: 0, text }) as const), finish];
  const usage = await worker.bill(call, words.length);
  if (call.stream) {
    const renderer = dialect.createStreamRenderer(facts, request);
    for (const event of events) await context.write(Buffer.from(renderer.render(event)));
    await context.write(renderer.end(billing));
  } else {
    const renderer = dialect.createResponseRenderer(facts, request);
    for (const event of events) renderer.add(event);
    await context.write(renderer.render(billing));
  }
  return context.end({ usage });
}

const DIALECTS = {
  'openai-chat': { path: '/v1/chat/completions', body: { messages: [{ role: 'user', content: 'Hi' }] } },
  'openai-completions': { path: '/v1/completions', body: { prompt: 'Hi' } },
  'openai-responses': { path: '/v1/responses', body: { input: 'Hi' } },
  'anthropic-messages': {
    path: '/v1/messages',
    body: { max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
  },
  gemini: { path: '', body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] } },
} as const satisfies Record<DialectId, { path: string; body: object }>;
const IDS = Object.keys(DIALECTS) as DialectId[];

interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
  readonly body?: string | object;
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly at?: RunningEdge;
}

describe('an address for every dialect', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  /** Fills the shortest silence. */
  let hasty: RunningEdge;
  let worker: SmallWorker;
  let secret: string;

  beforeAll(async () => {
    stack = await SmallStack.start();
    worker = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edge = await stack.edge({ KEEP_ALIVE_MS: '60000', MAX_LOOP_LAG_MS: '60000' });
    hasty = await stack.edge({ KEEP_ALIVE_MS: '100', MAX_LOOP_LAG_MS: '60000' });
    for (const one of [edge, hasty]) await stack.knows(one, 1);
    secret = stack.customer(1).secret;
  }, 60_000);
  beforeEach(() => {
    worker.script = (scene) => speakDialect(scene, ['Hel', 'lo']);
    worker.calls = [];
    worker.bodies = [];
  });
  afterAll(() => stack.stop(), 60_000);

  const ask = (
    dialect: DialectId,
    { model = 'acme/large', stream = false, body, headers, query, at = edge }: Asked = {},
  ) => {
    const google = `/v1beta/models/${model}:${stream ? `streamGenerateContent${query ?? '?alt=sse'}` : 'generateContent'}`;
    const own = dialect === 'gemini' ? {} : { model, ...(stream && { stream }) };
    const content = body ?? { ...DIALECTS[dialect].body, ...own };
    return fetch(`${at.url}${dialect === 'gemini' ? google : `/api${DIALECTS[dialect].path}`}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
      body: typeof content === 'string' ? content : JSON.stringify(content),
    });
  };
  const codeOf = (json: unknown): unknown => {
    const { error } = json as { error: { metadata?: { code: string }; details?: { reason: string }[] } };
    return error.metadata?.code ?? error.details?.[0]?.reason;
  };
  /** What only an error of this dialect has. */
  const shapes: Readonly<Record<DialectId, object>> = {
    'openai-chat': { error: { code: expect.any(Number), message: expect.any(String) } },
    'openai-completions': { error: { code: expect.any(Number), message: expect.any(String) } },
    'openai-responses': { error: { code: expect.any(Number), message: expect.any(String) } },
    'anthropic-messages': { type: 'error', error: { type: expect.any(String), message: expect.any(String) } },
    gemini: { error: { code: expect.any(Number), status: expect.any(String), details: expect.any(Array) } },
  };

  it.each(IDS)('%s: answers whole and streamed, and the worker knows what the client speaks', async (dialect) => {
    const whole = await ask(dialect);
    expect({ status: whole.status, type: whole.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'application/json',
    });
    expect(await whole.text()).toContain('Hello');
    const streamed = await ask(dialect, { stream: true });
    expect(streamed.headers.get('content-type')).toBe('text/event-stream');
    const text = await streamed.text();
    expect(text).toContain('"Hel"');
    expect(text).toContain('"lo"');
    expect(worker.calls.map((call) => ({ dialect: call.dialect, stream: call.stream }))).toEqual([
      { dialect, stream: false },
      { dialect, stream: true },
    ]);
    const id = streamed.headers.get('x-generation-id')!;
    const { body } = await generationOf(id);
    expect(body).toMatchObject({ data: { id } });
  });

  const generationOf = async (id: string) => {
    const response = await fetch(`${edge.url}/api/v1/generation?id=${id}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    return { status: response.status, body: await response.json() };
  };

  it.each(IDS)(
    '%s: says in its own form what is wrong before, at and after the body',
    async (dialect) => {
      const check = async (response: Response, status: number, code: string) => {
        const json: unknown = await response.json();
        expect({ status: response.status, code: codeOf(json) }).toEqual({ status, code });
        expect(json).toMatchObject(shapes[dialect]);
      };
      await check(await ask(dialect, { headers: { authorization: '' } }), 401, 'missing_credentials');
      await check(await ask(dialect, { headers: { authorization: 'Bearer x' } }), 401, 'invalid_key');
      await check(await ask(dialect, { headers: { 'content-type': 'text/plain' } }), 415, 'unsupported_media_type');
      await check(await ask(dialect, { body: '{' }), 400, 'invalid_json');
      await check(await ask(dialect, { body: `"${'x'.repeat(33 * 1024 * 1024)}"` }), 413, 'payload_too_large');
      await check(await ask(dialect, { model: 'no/such' }), 400, 'invalid_model');
      expect(worker.calls).toHaveLength(0);
      worker.script = (scene) => fail(scene, 'upstream_rejected', { upstreamStatus: 400 });
      await check(await ask(dialect), 400, 'upstream_rejected');
      await check(await ask(dialect, { stream: true }), 400, 'upstream_rejected');
    },
    30_000,
  );

  it.each(IDS)('%s: fills silence with what its clients read over, and ends a stream that failed', async (dialect) => {
    worker.script = async (scene) => {
      await sleep(350);
      return fail(scene, 'upstream_rejected', { upstreamStatus: 400 });
    };
    const response = await ask(dialect, { stream: true, at: hasty });
    expect(response.status).toBe(200);
    const text = await response.text();
    const { keepAlive } = dialectOf(dialect);
    expect(text.startsWith(Buffer.from(keepAlive).toString())).toBe(true);
    expect(text).toContain('upstream_rejected');
  });

  it('has room for both wrong methods and unknown addresses in the form of whoever most likely asks', async () => {
    const google = await fetch(`${edge.url}/v1beta/models/acme/large:unheard`, { method: 'POST' });
    expect(await google.json()).toMatchObject(shapes.gemini);
    const anthropic = await fetch(`${edge.url}/v1/messages`, { method: 'PUT' });
    expect(anthropic.status).toBe(405);
    expect(await anthropic.json()).toMatchObject(shapes['anthropic-messages']);
    const broken = await fetch(`${edge.url}/v1beta/models/%ff:generateContent`, { method: 'POST' });
    expect(await broken.json()).toMatchObject(shapes.gemini);
  });

  it('reads keys where the clients of Anthropic and Google put them', async () => {
    for (const name of ['x-api-key', 'x-goog-api-key']) {
      const { status } = await fetch(`${edge.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [name]: secret },
        body: JSON.stringify({ model: 'acme/large', ...DIALECTS['anthropic-messages'].body }),
      });
      expect(status).toBe(200);
    }
  });

  it('streams one JSON array to clients of Google that do not ask for events', async () => {
    worker.script = (scene) => speakDialect(scene, ['Hel', 'lo'], 350);
    const response = await ask('gemini', { stream: true, query: '', at: hasty });
    expect(response.headers.get('content-type')).toBe('application/json');
    const chunks = (await response.json()) as { candidates?: { content: { parts: { text?: string }[] } }[] }[];
    expect(chunks.map(({ candidates }) => candidates?.[0]?.content.parts[0]?.text ?? '').join('')).toBe('Hello');
    expect(chunks.at(-1)).toHaveProperty('usageMetadata');
    worker.script = async (scene) => {
      await sleep(350);
      return fail(scene, 'upstream_rejected', { upstreamStatus: 400 });
    };
    const failed = (await (await ask('gemini', { stream: true, query: '', at: hasty })).json()) as unknown[];
    expect(failed).toMatchObject([shapes.gemini]);
  });

  it('reads models with slashes and variants out of an address, also where they are encoded', async () => {
    for (const model of ['acme/large', 'acme%2Flarge', 'acme/large:nitro'])
      expect((await ask('gemini', { model })).status).toBe(200);
    const newer = await fetch(`${edge.url}/v1/models/acme/large:generateContent`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': secret },
      body: JSON.stringify(DIALECTS.gemini.body),
    });
    expect(newer.status).toBe(200);
    expect(worker.bodies.map(({ model }) => model)).toEqual([
      'acme/large',
      'acme/large',
      'acme/large:nitro',
      'acme/large',
    ]);
  });

  it.each(IDS)('%s: says in a header and in the record which parameters the provider did not get', async (dialect) => {
    worker.script = async (scene) => {
      scene.context.head({
        status: 200,
        contentType: 'text/event-stream',
        upstreamStatus: 200,
        worker: 'small',
        headersMs: 1,
        dropped: ['seed', 'top_k'],
      });
      const usage = await worker.bill(scene.call, 1);
      await scene.context.write(Buffer.from('data: {}\n\n'));
      return scene.context.end({ usage });
    };
    for (const stream of [false, true]) {
      const response = await ask(dialect, { stream });
      await response.text();
      expect(response.headers.get('x-switchyard-dropped-params')).toBe('seed,top_k');
      const { body } = await generationOf(response.headers.get('x-generation-id')!);
      expect(JSON.stringify(body)).toContain('"dropped_params":["seed","top_k"]');
    }
  });

  it('refuses what it would have to leave out for a client that wants it so', async () => {
    const headers = { 'x-switchyard-strict': 'true' };
    const body = { model: 'acme/large', ...DIALECTS['openai-chat'].body, min_p: 0.1 };
    const refused = await ask('openai-chat', { headers, body });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringContaining('min_p'), metadata: { code: 'unsupported_parameter' } },
    });
    expect(worker.calls).toHaveLength(0);
    expect((await ask('openai-chat', { headers })).status).toBe(200);
    expect(worker.calls[0]?.strict).toBe(true);
  });

  it('says how many pieces of reasoning the provider that answers could not read', async () => {
    const detail = { type: 'reasoning.encrypted', data: 'AAAA', format: 'google-gemini-v1', index: 0 };
    const turn = { role: 'assistant', content: 'Hello', reasoning_details: [detail] };
    const messages = [{ role: 'user', content: 'Hi' }, turn, { role: 'user', content: 'And?' }];
    const response = await ask('openai-chat', { body: { model: 'acme/large', messages } });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-switchyard-stripped-reasoning')).toBe('1');
    const { body } = await generationOf(response.headers.get('x-generation-id')!);
    expect(JSON.stringify(body)).toContain('"stripped_reasoning":1');
    expect((await ask('openai-chat')).headers.get('x-switchyard-stripped-reasoning')).toBeNull();
  });

  it('counts the tokens of a prompt for the clients of Anthropic and Google, without a call of anybody', async () => {
    const post = (path: string, body: object) =>
      fetch(`${edge.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': secret },
        body: JSON.stringify(body),
      });
    const text = 'word '.repeat(400);
    const anthropic = { model: 'acme/large', messages: [{ role: 'user', content: text }] };
    const counted = await post('/v1/messages/count_tokens', anthropic);
    expect({ status: counted.status, body: await counted.json() }).toEqual({
      status: 200,
      body: { input_tokens: 500 },
    });
    const contents = [{ role: 'user', parts: [{ text }] }];
    for (const body of [{ contents }, { generateContentRequest: { model: 'models/acme/large', contents } }]) {
      const google = await post('/v1beta/models/acme/large:countTokens', body);
      expect({ status: google.status, body: await google.json() }).toEqual({ status: 200, body: { totalTokens: 500 } });
    }
    const unknown = await post('/v1/messages/count_tokens', { ...anthropic, model: 'no/such' });
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject(shapes['anthropic-messages']);
    expect(worker.calls).toHaveLength(0);
  });

  it('tells the worker which beta features the client names, and refuses what is no name', async () => {
    await ask('anthropic-messages', { headers: { 'anthropic-beta': 'one-2025-01-01, two' } });
    await ask('openai-chat', { headers: { 'x-anthropic-beta': 'three' } });
    await ask('openai-chat');
    expect(worker.calls.map(({ clientHeaders }) => clientHeaders)).toEqual([
      { 'anthropic-beta': 'one-2025-01-01, two' },
      { 'anthropic-beta': 'three' },
      undefined,
    ]);
    const refused = await ask('anthropic-messages', { headers: { 'anthropic-beta': 'a b; c' } });
    expect(refused.status).toBe(400);
  });
});
