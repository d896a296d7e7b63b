import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

describe('hard preferences of provider', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const chat = (model: string, provider: object) =>
    stack.api('/chat/completions', {
      method: 'POST',
      key: stack.account.apiKey,
      body: JSON.stringify({ model, provider, messages: [{ role: 'user', content: 'hi' }] }),
    });

  // The sandbox costs 1 and 4 dollars per million tokens, keeps nothing, and is of unknown quantization.
  it.each([
    { max_price: { prompt: 1, completion: '4' } },
    { zdr: true, data_collection: 'deny' },
    { quantizations: ['unknown'] },
    { zdr: false, data_collection: 'allow', enforce_distillable_text: false },
  ])('%j is satisfied by the sandbox', async (provider) => {
    expect(await chat('sandbox/echo', provider)).toMatchObject({ status: 200, body: { provider: expect.anything() } });
  });

  it.each([
    ['sandbox/echo', { max_price: { prompt: 1, completion: 3.999999 } }, 'max_price'],
    ['sandbox/echo', { max_price: { prompt: '0.999999' } }, 'max_price'],
    ['sandbox/echo', { quantizations: ['fp8'] }, 'quantization'],
    ['sandbox/echo', { enforce_distillable_text: true }, 'distillable_text'],
    ['openai/gpt-4o-mini', { zdr: true }, 'data_policy:zdr'],
    ['openai/gpt-4o-mini', { data_collection: 'deny' }, 'data_policy:training'],
  ])('%s with %j is refused with the reason', async (model, provider, reason) => {
    const { status, body } = await chat(model, provider);
    expect([status, body['error']!['metadata']!['code']]).toEqual([404, 'no_endpoints']);
    expect(body['error']!['metadata']!['availability']).toMatchObject({
      excluded_by: expect.arrayContaining([{ reason, count: expect.any(Number) }]),
      constraint: { field: expect.stringMatching(/^provider\./) },
    });
    expect(body['choices']).toBeUndefined();
  });

  it('a wrong value is refused with its place', async () => {
    const { status, body } = await chat('sandbox/echo', { max_price: { prompt: -1 } });
    expect(status).toBe(400);
    expect(body['error']!['metadata']).toMatchObject({ path: 'provider.max_price.prompt' });
  });
});
