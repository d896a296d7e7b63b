import type OpenAI from 'openai';
import { fixturesDirectory } from '@switchyard/testing';
import { casesOf } from './recorded-cases.js';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const folder = fixturesDirectory();
const recordings = folder ? describe : describe.skip;

const PROVIDERS = [
  { folder: 'openai', model: 'openai/gpt-4o-mini' },
  { folder: 'anthropic', model: 'anthropic/claude-haiku-4.5' },
  { folder: 'gemini', model: 'google/gemini-2.5-flash' },
] as const;

const rows = PROVIDERS.flatMap((provider) =>
  ['tool-call', 'reasoning'].flatMap((tag) =>
    [true, false].flatMap((stream) =>
      casesOf(provider.folder, tag, stream)
        .filter(({ case: name }) => name.startsWith('chat'))
        .slice(0, 2)
        .map((recorded) => ({ ...provider, tag, stream, name: recorded.case })),
    ),
  ),
);

recordings('recorded exchanges through the whole system (needs the recordings)', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const request = (model: string): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
    model,
    messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
    tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }],
    // A recording is the answer of its provider, so no other endpoint may serve.
    ...({
      provider: { only: [model.startsWith('google') ? 'google' : model.split('/')[0]], allow_fallbacks: false },
    } as object),
  });

  it.each(rows)(
    '$folder: $name, streamed: $stream',
    async ({ folder: provider, model, tag, stream, name }) => {
      await stack.upstream.replay({ provider, case: name });
      const params = request(model);
      const { data: completion, response } = stream
        ? {
            data: await stack.client.chat.completions.stream({ ...params, stream: true }).finalChatCompletion(),
            response: null,
          }
        : await stack.client.chat.completions.create(params).withResponse();
      if (response) expect(response.headers.get('x-generation-id')).toBe(completion.id);
      const message = completion.choices[0]?.message as unknown as {
        content: string | null;
        tool_calls?: readonly { function: { name: string; arguments: string } }[];
        reasoning?: string;
        reasoning_details?: readonly unknown[];
      };
      if (tag === 'tool-call') {
        expect(message.tool_calls?.length).toBeGreaterThan(0);
        for (const call of message.tool_calls ?? [])
          expect(() => JSON.parse(call.function.arguments || '{}') as unknown).not.toThrow();
        expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
      } else {
        const usage = completion.usage?.completion_tokens_details?.reasoning_tokens ?? 0;
        expect((message.reasoning ?? '').length + (message.reasoning_details?.length ?? 0) + usage).toBeGreaterThan(0);
      }
      expect((completion.usage as unknown as { cost: number }).cost).toBeGreaterThan(0);
      const book = await stack.upstream.book();
      expect(book.at(-1)?.replayed).toBe(name);
    },
    30_000,
  );
});
