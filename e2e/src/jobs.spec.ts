import { waitUntil } from '@switchyard/testing';
import { as, availableNanos, costNanos, START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

interface WithCost {
  readonly cost: number;
}

describe('what is no completion, through the whole system', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  /** The generation as the public API tells of it, once the credits have gone down by exactly its cost. */
  async function paid(id: string, cost: number, beforeNanos: bigint) {
    await waitUntil(async () => beforeNanos - (await availableNanos(stack)) === costNanos(cost), {
      what: 'the credits go down by the cost',
    });
    const { status, body } = await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey });
    expect(status).toBe(200);
    const audit = await stack.api('/audit');
    expect(audit.body['data']?.['violations']).toEqual([]);
    return body['data'];
  }

  it('embeds through the official client, which asks for base64 and gets numbers, and pays what it says', async () => {
    const beforeNanos = await availableNanos(stack);
    const { data: answer, response } = await stack.client.embeddings
      .create({ model: 'sandbox/embed', input: ['good morning', 'good night', 'good morning'], dimensions: 24 })
      .withResponse();
    const [first, second, third] = answer.data.map(({ embedding }) => embedding);
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect([first?.length, second?.length]).toEqual([24, 24]);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1, 5);
    expect(third).toEqual(first);
    expect(second).not.toEqual(first);
    expect(answer.usage).toMatchObject({ prompt_tokens: 6, total_tokens: 6 });

    const { cost } = answer.usage as unknown as WithCost;
    expect(cost).toBe(6e-7);
    const id = response.headers.get('x-generation-id') ?? '';
    const generation = await paid(id, cost, beforeNanos);
    expect(generation).toMatchObject({
      id,
      api_type: 'embeddings',
      model: 'sandbox/embed',
      provider_name: 'Sandbox',
      streamed: false,
      total_cost: cost,
      tokens_prompt: 6,
      tokens_completion: 0,
      usage_source: 'reported',
    });
    expect(generation?.['attempts']).toHaveLength(1);
  }, 30_000);

  it('embeds tokens, and gives numbers where numbers are asked for', async () => {
    const beforeNanos = await availableNanos(stack);
    const { data: answer, response } = await stack.client.embeddings
      .create({ model: 'sandbox/embed', input: [[1, 2, 3], [4]], encoding_format: 'float' })
      .withResponse();
    expect(answer.data).toHaveLength(2);
    expect(answer.data[0]?.embedding).toHaveLength(16);
    expect(answer.usage.prompt_tokens).toBe(4);
    const { cost } = answer.usage as unknown as WithCost;
    await paid(response.headers.get('x-generation-id') ?? '', cost, beforeNanos);
  }, 30_000);

  it('ranks documents by the query, and pays by the search', async () => {
    const beforeNanos = await availableNanos(stack);
    const documents = ['Berlin is a city', { text: 'the red fox runs' }, 'a red house'];
    const { status, body, headers } = await stack.api('/rerank', {
      method: 'POST',
      key: stack.account.apiKey,
      body: JSON.stringify({ model: 'sandbox/rerank', query: 'red fox', documents, top_n: 2 }),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: 'sandbox/rerank',
      provider: 'Sandbox',
      results: [
        { index: 1, relevance_score: expect.any(Number), document: { text: 'the red fox runs' } },
        { index: 2, relevance_score: expect.any(Number), document: { text: 'a red house' } },
      ],
      usage: { search_units: 1, cost: 0.002 },
    });
    const id = headers.get('x-generation-id') ?? '';
    expect(as<string>(body['id'])).toBe(id);
    expect(await paid(id, 0.002, beforeNanos)).toMatchObject({ api_type: 'rerank', total_cost: 0.002 });
  }, 30_000);

  it('charges nothing for an error of the provider', async () => {
    const beforeNanos = await availableNanos(stack);
    const failing = stack.client.embeddings.create({ model: 'sandbox/embed', input: '[[fault: status=400]] x' });
    await expect(failing).rejects.toMatchObject({ status: 400 });
    expect(await availableNanos(stack)).toBe(beforeNanos);
  }, 30_000);

  it('lists the models of a job where they are asked for, and not among those that write', async () => {
    const idsOf = async (query: string) => {
      const { body } = await stack.api(`/models${query}`);
      return as<{ id: string }[]>(body['data']).map(({ id }) => id);
    };
    expect(await idsOf('?output_modalities=embeddings')).toEqual(expect.arrayContaining(['sandbox/embed']));
    expect(await idsOf('?output_modalities=rerank')).toEqual(expect.arrayContaining(['sandbox/rerank']));
    expect(await idsOf('')).not.toContain('sandbox/embed');
    expect(await idsOf('')).toContain('sandbox/echo');
  }, 30_000);
});
