import { waitUntil } from '@switchyard/testing';
import { availableNanos, costNanos, START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const hello = [{ role: 'user' as const, content: 'Hello from a newcomer!' }];

interface WithCost {
  readonly cost: number;
}

describe('the first minute of a newcomer', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const audit = async () => {
    const { status, body } = await stack.api('/audit');
    expect(status).toBe(200);
    return body;
  };

  it('begins with 10 dollars of credit', async () => {
    expect(await availableNanos(stack)).toBe(10_000_000_000n);
  });

  it('streams an answer through the official SDK, and pays exactly what it says', async () => {
    const before = await availableNanos(stack);
    const stream = await stack.client.chat.completions.create({ model: 'sandbox/echo', messages: hello, stream: true });
    let text = '';
    let usage: WithCost | undefined;
    const ids = new Set<string>();
    const finishReasons: string[] = [];
    for await (const chunk of stream) {
      ids.add(chunk.id);
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) finishReasons.push(chunk.choices[0].finish_reason);
      if (chunk.usage) usage = chunk.usage as unknown as WithCost;
    }
    expect(text).toContain('Hello from a newcomer!');
    expect([...new Set(finishReasons)]).toEqual(['stop']);
    expect(ids.size).toBe(1);
    expect(usage?.cost).toBeGreaterThan(0);

    const [id] = [...ids] as [string];
    await waitUntil(async () => before - (await availableNanos(stack)) === costNanos(usage?.cost), {
      what: 'the credits go down by the cost',
    });
    const { status, body } = await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey });
    expect(status).toBe(200);
    const generation = body['data']!;
    expect(generation).toMatchObject({
      id,
      model: 'sandbox/echo',
      provider_name: expect.any(String),
      streamed: true,
      cancelled: false,
      total_cost: usage?.cost,
    });
    expect(generation['attempts']).toHaveLength(1);
    expect((await audit())['data']!['violations']).toEqual([]);
  }, 30_000);

  it('answers without a stream, with the same accounts', async () => {
    const before = await availableNanos(stack);
    const completion = await stack.client.chat.completions.create({ model: 'sandbox/echo', messages: hello });
    expect(completion.choices[0]?.message.content).toContain('Hello from a newcomer!');
    const usage = completion.usage as unknown as WithCost;
    await waitUntil(async () => before - (await availableNanos(stack)) === costNanos(usage.cost), {
      what: 'the credits go down by the cost',
    });
  }, 30_000);

  it.each(['sandbox/tools'])(
    'calls tools, streamed and not: %s',
    async (model) => {
      const tools = [
        {
          type: 'function' as const,
          function: {
            name: 'get_weather',
            parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          },
        },
      ];
      const completion = await stack.client.chat.completions.create({ model, messages: hello, tools });
      const [call] = completion.choices[0]?.message.tool_calls ?? [];
      expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
      const streamed = await stack.client.chat.completions
        .stream({ model, messages: hello, tools })
        .finalChatCompletion();
      const [streamedCall] = streamed.choices[0]?.message.tool_calls ?? [];
      expect(streamedCall).toMatchObject({ function: { name: 'get_weather' } });
      expect(JSON.parse(streamedCall?.type === 'function' ? streamedCall.function.arguments : '')).toHaveProperty(
        'city',
      );
    },
    30_000,
  );

  it.each(['sandbox/echo', 'sandbox/claude-style', 'sandbox/gemini-style'])(
    'speaks the upstream format of %s',
    async (model) => {
      const completion = await stack.client.chat.completions.create({ model, messages: hello });
      expect(completion.choices[0]?.message.content).toContain('Hello from a newcomer!');
      expect(completion.choices[0]?.finish_reason).toBe('stop');
      const runner = stack.client.chat.completions.stream({ model, messages: hello });
      expect((await runner.finalChatCompletion()).choices[0]?.message.content).toBe(
        completion.choices[0]?.message.content,
      );
    },
    30_000,
  );

  it('shows reasoning as text and as details', async () => {
    const completion = await stack.client.chat.completions.create({ model: 'sandbox/reasoning', messages: hello });
    const message = completion.choices[0]?.message as unknown as {
      reasoning?: string;
      reasoning_details?: { type: string }[];
    };
    expect(message.reasoning?.length).toBeGreaterThan(0);
    expect(message.reasoning_details?.[0]?.type).toBe('reasoning.text');
  }, 30_000);

  it('lists the catalogue: at least 300 models and 500 endpoints', async () => {
    const { body } = await stack.api('/models', { key: null });
    expect(body['data']!.length).toBeGreaterThanOrEqual(300);
    const models = await stack.client.models.list();
    expect(models.data.some(({ id }) => id === 'sandbox/echo')).toBe(true);
  }, 30_000);
});
