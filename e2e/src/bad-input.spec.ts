import { booksAtRest, START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const messages = (text = 'hi') => [{ role: 'user', content: text }];

describe('bad input', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const chat = (raw: string | object, key: string | null = stack.account.apiKey) =>
    stack.api('/chat/completions', { method: 'POST', key, body: typeof raw === 'string' ? raw : JSON.stringify(raw) });

  it.each([
    ['broken JSON', '{"model": "sandbox/echo", ', 400, 'invalid_json'],
    ['no messages', { model: 'sandbox/echo' }, 400, 'invalid_request'],
    ['messages of the wrong type', { model: 'sandbox/echo', messages: 'hi' }, 400, 'invalid_request'],
    ['stream as text', { model: 'sandbox/echo', messages: messages(), stream: 'true' }, 400, 'invalid_request'],
    ['max_tokens of zero', { model: 'sandbox/echo', messages: messages(), max_tokens: 0 }, 400, 'invalid_request'],
    [
      'five stop words',
      { model: 'sandbox/echo', messages: messages(), stop: ['a', 'b', 'c', 'd', 'e'] },
      400,
      'invalid_request',
    ],
    ['an unknown model', { model: 'nobody/nothing', messages: messages() }, 400, 'invalid_model'],
    ['no model', { messages: messages() }, 400, 'invalid_model'],
    ['a subject as model', { model: 'gw.v1.call.>', messages: messages() }, 400, 'invalid_model'],
    [
      'no endpoint left',
      { model: 'sandbox/echo', messages: messages(), provider: { only: ['openai'] } },
      404,
      'no_endpoints',
    ],
    [
      'a prototype',
      '{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}],"__proto__":{"a":1}}',
      400,
      'invalid_request',
    ],
  ])('%s', async (_name, request, status, code) => {
    const answer = await chat(request);
    expect([answer.status, answer.body['error']!['metadata']!['code']]).toEqual([status, code]);
    expect(answer.body['error']).toMatchObject({ code: status, message: expect.stringMatching(/.{10,}/) });
  });

  it.each([
    ['no key', null, 'missing_credentials'],
    ['a key of another kind', 'sk-or-v1-0123456789', 'invalid_key'],
    ['SQL', "' OR '1'='1", 'invalid_key'],
    ['a key with a wrong checksum', `sk-sy-v1-${'a'.repeat(49)}`, 'invalid_key'],
  ])('%s', async (_name, key, code) => {
    const answer = await chat({ model: 'sandbox/echo', messages: messages() }, key);
    expect([answer.status, answer.body['error']!['metadata']!['code']]).toEqual([401, code]);
  });

  it('a body over the limit', async () => {
    const answer = await chat({ model: 'sandbox/echo', messages: messages('x'.repeat(33 * 1024 * 1024)) });
    expect([answer.status, answer.body['error']!['metadata']!['code']]).toEqual([413, 'payload_too_large']);
  }, 60_000);

  it.each([
    ['garbage', 'garbage', 502],
    ['an HTML page', 'html', 502],
    ['a cut before the first token', 'cut after=0', 502],
    ['a reset', 'reset', 502],
    ['a 500', 'status=500', 502],
    ['a 429', 'status=429 retry_after=1', 429],
    ['a 401 of the provider', 'status=401', 502],
  ])(
    'an upstream that answers %s costs nothing',
    async (_name, fault, status) => {
      await booksAtRest(stack);
      const before = (await stack.api('/credits')).body['data']!['total_usage'];
      for (const stream of [false, true]) {
        const answer = await chat({ model: 'sandbox/echo', messages: messages(`[[fault: ${fault}]]`), stream });
        expect([stream, answer.status]).toEqual([stream, status]);
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await stack.api('/credits')).body['data']!['total_usage']).toEqual(before);
    },
    60_000,
  );

  it('answers unknown paths and methods in the envelope', async () => {
    const nowhere = await stack.api('/nowhere', { key: stack.account.apiKey });
    expect([nowhere.status, nowhere.body['error']!['code']]).toEqual([404, 404]);
    const method = await stack.api('/chat/completions', { method: 'DELETE', key: stack.account.apiKey });
    expect([404, 405]).toContain(method.status);
  });

  it('has clean books and living processes in the end', async () => {
    expect((await stack.api('/audit')).body['data']).toMatchObject({ violations: [], quarantined: 0 });
    expect(stack.processes.map(({ name, restarts }) => [name, restarts])).toEqual(
      stack.processes.map(({ name }) => [name, 0]),
    );
  });
});
