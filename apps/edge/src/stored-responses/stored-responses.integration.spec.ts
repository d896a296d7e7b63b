import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, fail } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const MODEL = 'acme/large';
const text = new TextEncoder();
const message = (words: string) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text: words }],
});
const asked = (words: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] });

/** Answers in the format of the Responses API with one message, whole or as the last event of a stream. */
async function respond(scene: Scene, words: string): Promise<void> {
  const { context, call, worker } = scene;
  begin(scene);
  const usage = await worker.bill(call, 2);
  const response = { id: call.generationId, object: 'response', status: 'completed', output: [message(words)] };
  const event = `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response })}\n\n`;
  await context.write(text.encode(call.stream ? `${event}data: [DONE]\n\n` : JSON.stringify(response)));
  return context.end({ usage });
}

describe('stored responses', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];
  let bare: RunningEdge;
  let acme: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: MODEL, endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edges = [await stack.edge({ EDGE_ID: 'one' }), await stack.edge({ EDGE_ID: 'two' })];
    bare = await stack.edge({ VAULT_SECRET: '', EDGE_ID: 'bare' });
    for (const edge of [...edges, bare]) await stack.knows(edge, 1);
  }, 60_000);
  beforeEach(() => {
    acme.play((scene) => respond(scene, `Answer ${acme.calls.length}`));
    stack.vault.away = false;
  });
  afterAll(() => stack.stop(), 60_000);

  const ask = (key: string, body: object, { edge = edges[0]!, headers = {} } = {}) =>
    postJson(`${edge.url}/v1/responses`, key, { model: MODEL, ...body }, { headers });
  const idOf = async (response: Response) => {
    expect(response.status).toBe(200);
    return ((await response.json()) as { id: string }).id;
  };
  const look = (key: string, path: string, method = 'GET', edge = edges[0]!) =>
    fetch(`${edge.url}/v1/responses/${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  const keeper = () => stack.customer(1, { storeResponses: true });

  it('are not there for a key that nobody switched on, and for an edge without a secret', async () => {
    const off = stack.customer(1).secret;
    const on = keeper().secret;
    for (const [key, edge] of [
      [off, edges[0]!],
      [on, bare],
    ] as const) {
      for (const [path, value] of [
        ['store', true],
        ['previous_response_id', 'gen-1'],
      ] as const) {
        const refused = await ask(key, { input: 'Hello', [path]: value }, { edge });
        expect(refused.status).toBe(400);
        expect((await errorOfResponse(refused)).message).toMatch(new RegExp(`^${path}: nothing is stored`));
      }
      const id = await idOf(await ask(key, { input: 'Hello', store: false }, { edge }));
      expect(
        await idOf(await ask(key, { input: 'Hello', store: null, previous_response_id: null }, { edge })),
      ).not.toBe(id);
      expect((await look(key, id, 'GET', edge)).status).toBe(404);
    }
    expect(acme.bodies.every(({ store }) => store !== true)).toBe(true);
  });

  it('carry a conversation on, on every edge and for every key of the account', async () => {
    const { secret, key } = keeper();
    const sibling = stack.customer(1, { accountId: key.accountId, storeResponses: true }).secret;
    const first = await idOf(await ask(secret, { input: 'First', instructions: 'Be brief.' }));
    const streamed = await ask(
      secret,
      { input: [asked('Second')], previous_response_id: first, stream: true },
      { edge: edges[1]! },
    );
    const second = streamed.headers.get('x-generation-id')!;
    await streamed.text();
    await idOf(await ask(sibling, { input: 'Third', previous_response_id: second, store: false }));
    expect(acme.bodies.map(({ input, store }) => ({ input, store }))).toEqual([
      { input: 'First', store: true },
      { input: [asked('First'), message('Answer 1'), asked('Second')], store: true },
      {
        input: [asked('First'), message('Answer 1'), asked('Second'), message('Answer 2'), asked('Third')],
        store: false,
      },
    ]);
    // Instructions belong to one request, as at OpenAI.
    expect(acme.bodies[1]).not.toHaveProperty('instructions');
    expect(await (await look(sibling, second)).json()).toMatchObject({ id: second, output: [message('Answer 2')] });
  });

  it('are kept unless the request says no, and never as the cached answer of another', async () => {
    const { secret } = keeper();
    const headers = { 'x-openrouter-cache': 'true' };
    const kept = await ask(secret, { input: 'Same' }, { headers });
    expect(kept.headers.get('x-openrouter-cache-status')).toBeNull();
    const id = await idOf(kept);
    expect(await idOf(await ask(secret, { input: 'Same' }, { headers }))).not.toBe(id);
    const free = await ask(secret, { input: 'Same', store: false }, { headers });
    expect(free.headers.get('x-openrouter-cache-status')).toBe('MISS');
    expect((await look(secret, await idOf(free))).status).toBe(404);
  });

  it('belong to their account: nobody else reads, deletes or continues them', async () => {
    const { secret } = keeper();
    const stranger = keeper().secret;
    const id = await idOf(await ask(secret, { input: 'Mine' }));
    for (const [path, method] of [
      [id, 'GET'],
      [`${id}/input_items`, 'GET'],
      [id, 'DELETE'],
    ] as const)
      expect((await look(stranger, path, method)).status).toBe(404);
    const refused = await ask(stranger, { input: 'Yours?', previous_response_id: id });
    expect(refused.status).toBe(400);
    expect((await errorOfResponse(refused)).metadata['code']).toBe('previous_response_not_found');
    expect((await look(secret, id)).status).toBe(200);
  });

  it('are gone once they are deleted; later ones keep what they need', async () => {
    const { secret } = keeper();
    const first = await idOf(await ask(secret, { input: 'First' }));
    const second = await idOf(await ask(secret, { input: 'Second', previous_response_id: first }));
    const deleted = await look(secret, first, 'DELETE');
    expect(await deleted.json()).toEqual({ id: first, object: 'response', deleted: true });
    expect((await look(secret, first)).status).toBe(404);
    expect((await look(secret, first, 'DELETE')).status).toBe(404);
    const third = await ask(secret, { input: 'Third', previous_response_id: second });
    await idOf(third);
    expect(acme.bodies.at(-1)?.['input']).toHaveLength(5);
    const items = (await (await look(secret, `${second}/input_items?order=asc`)).json()) as { data: object[] };
    expect(items.data).toEqual([
      expect.objectContaining(asked('First')),
      expect.objectContaining(message('Answer 1')),
      expect.objectContaining(asked('Second')),
    ]);
  }, 30_000);

  it('are not made of what failed, and nothing is asked without the conversation', async () => {
    const { secret } = keeper();
    acme.script = (scene) => fail(scene, 'upstream_rejected');
    const failed = await ask(secret, { input: 'Fail' });
    expect(failed.status).toBe(400);
    expect((await look(secret, failed.headers.get('x-generation-id')!)).status).toBe(404);
    acme.script = (scene) => respond(scene, 'fine');
    const id = await idOf(await ask(secret, { input: 'First' }));
    const calls = acme.calls.length;
    for (const unknown of ['resp_1', 'gen-1700000000-AAAAAAAAAAbbbbbbbbbb', 7])
      expect((await ask(secret, { input: 'Next', previous_response_id: unknown })).status).toBe(400);
    stack.vault.away = true;
    const away = await ask(secret, { input: 'Next', previous_response_id: id }, { edge: edges[1]! });
    expect(away.status).toBeGreaterThanOrEqual(500);
    expect(acme.calls).toHaveLength(calls);
    // It answers all the same where nothing has to be read.
    expect((await ask(secret, { input: 'Alone' }, { edge: edges[1]! })).status).toBe(200);
  }, 30_000);

  it('cannot be cancelled, because they are over', async () => {
    const { secret } = keeper();
    const id = await idOf(await ask(secret, { input: 'Over' }));
    const refused = await postJson(`${edges[0]!.url}/v1/responses/${id}/cancel`, secret, {});
    expect(refused.status).toBe(400);
  });
});
