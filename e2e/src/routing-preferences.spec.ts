import { waitUntil } from '@switchyard/testing';
import { START_TIMEOUT_MS, as, startTestStack, type Json, type TestStack } from './test-stack.js';

interface Asked {
  readonly key?: string;
  readonly edge?: number;
}

describe('routing, through the whole system', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({ edges: 2 });
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const chat = (fields: object, { key = stack.account.apiKey, edge = 0 }: Asked = {}) =>
    stack.api('/chat/completions', {
      method: 'POST',
      key,
      edge,
      body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }], ...fields }),
    });
  const modelOf = ({ body }: { body: Json }) => as<string>(body['model']);
  const refusal = ({ status, body }: { status: number; body: Json }) => ({
    status,
    code: as<string>(body['error']?.['metadata']?.['code']),
    reasons: as<{ reason: string }[] | undefined>(body['error']?.['metadata']?.['availability']?.['excluded_by'])?.map(
      ({ reason }) => reason,
    ),
  });
  const manage = (method: string, path: string, body: object) =>
    stack.api(path, { method, body: JSON.stringify(body) });
  const aKey = async (routing: object) => {
    const { status, body } = await manage('POST', '/keys', { name: 'routed', routing });
    expect(status).toBe(201);
    return { key: as<string>(body['key']), hash: as<string>(body['data']?.['hash']) };
  };

  it('C 41: what a key settles holds on every edge, cannot be relaxed, and is gone when it is cleared', async () => {
    const { key, hash } = await aKey({ provider: { only: ['sandbox'], max_price: { prompt: 0.5 } } });
    const loose = { provider: { max_price: { prompt: 100 } } };
    for (const edge of [0, 1])
      expect(refusal(await chat(loose, { key, edge }))).toEqual({
        status: 404,
        code: 'no_endpoints',
        reasons: ['max_price'],
      });
    const { body } = await manage('PATCH', `/keys/${hash}`, { routing: null });
    expect(body['data']?.['routing']).toBeNull();
    for (const edge of [0, 1])
      await waitUntil(async () => (await chat(loose, { key, edge })).status === 200, {
        what: `edge ${edge} to route without it`,
        timeoutMs: 30_000,
      });
  }, 90_000);

  it('C 41: settings that would mean nothing are refused with their place', async () => {
    const path = async (routing: object) => {
      const { status, body } = await manage('POST', '/keys', { name: 'wrong', routing });
      return [status, body['error']?.['metadata']?.['path']];
    };
    expect(await path({ provider: { zdrr: true } })).toEqual([400, 'routing.provider.zdrr']);
    expect(await path({ provider: { zdr: 'yes' } })).toEqual([400, 'routing.provider']);
    expect(await path({ allowed_models: [] })).toEqual([400, 'routing.allowed_models']);
  });

  it('A 16: a workspace’s default model serves requests that name none', async () => {
    const { key } = await aKey({});
    const unnamed = () => chat({ model: undefined }, { key });
    expect(refusal(await unnamed())).toMatchObject({ status: 400, code: 'invalid_model' });
    const set = await manage('PATCH', '/workspaces/default', { default_text_model: 'sandbox/tools' });
    expect(set.body['data']?.['default_text_model']).toBe('sandbox/tools');
    await waitUntil(async () => (await unnamed()).status === 200, { what: 'the default model', timeoutMs: 30_000 });
    expect(modelOf(await unnamed())).toBe('sandbox/tools');
    expect(modelOf(await chat({ model: 'sandbox/echo' }, { key }))).toBe('sandbox/echo');
    const cleared = await manage('PATCH', '/workspaces/default', { routing: null });
    expect(cleared.body['data']?.['default_text_model']).toBeNull();
  }, 90_000);

  it('C 47, 48, 54: variants and families resolve, and what nobody can do is refused', async () => {
    for (const model of ['sandbox/echo:nitro', 'sandbox/echo:floor:online', '~sandbox/echo-latest'])
      expect([model, modelOf(await chat({ model }))]).toEqual([model, 'sandbox/echo']);
    expect(modelOf(await chat({ model: 'sandbox/reasoning:thinking' }))).toBe('sandbox/reasoning');
    expect(refusal(await chat({ model: 'sandbox/echo:turbo' }))).toMatchObject({ status: 400, code: 'invalid_model' });
    expect(refusal(await chat({ model: 'sandbox/claude-style:online' }))).toEqual({
      status: 404,
      code: 'no_endpoints',
      reasons: ['web_search'],
    });
    const exa = await chat({ plugins: [{ id: 'web', engine: 'exa' }] });
    expect([exa.status, exa.body['error']?.['metadata']?.['path']]).toEqual([400, 'plugins[0].engine']);
  });

  it('C 52, 53: the routers choose, report the real model, and say when nothing fits', async () => {
    const { key } = await aKey({ allowed_models: ['sandbox/*'] });
    const plugins = [{ id: 'auto-router', allowed_models: ['*/echo', 'sandbox/tools'] }];
    const first = modelOf(await chat({ model: 'openrouter/auto', plugins }, { key }));
    expect(['sandbox/echo', 'sandbox/tools']).toContain(first);
    expect(modelOf(await chat({ model: 'switchyard/auto', plugins }, { key, edge: 1 }))).toBe(first);
    expect((await chat({ model: 'openrouter/free' }, { key })).body).toMatchObject({ model: 'sandbox/echo:free' });
    const none = [{ id: 'auto-router', allowed_models: ['nobody/*'] }];
    expect(refusal(await chat({ model: 'openrouter/auto', plugins: none }, { key }))).toMatchObject({ status: 404 });
  });

  it('C 50: a session that began on one edge goes on at its place on the other', async () => {
    const reasonOn = async (edge: number, session: string) => {
      const { headers } = await chat({ session_id: session }, { edge });
      const path = `/generation?id=${headers.get('x-generation-id')}`;
      const { body } = await stack.api(path, { key: stack.account.apiKey, edge });
      return as<{ reason: string }[]>(body['data']?.['attempts'])[0]?.reason;
    };
    let sessions = 0;
    // Each time a session that the second edge has never served: only what it was told can keep it there.
    await waitUntil(
      async () => {
        sessions += 1;
        expect(await reasonOn(0, `session ${sessions}`)).toBe('price_weighted');
        return (await reasonOn(1, `session ${sessions}`)) === 'sticky';
      },
      { what: 'the second edge to know where a session is', timeoutMs: 30_000 },
    );
  }, 60_000);
});
