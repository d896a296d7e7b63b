import { Matrix } from './matrix.js';
import { casesOf } from './recorded-cases.js';
import { speakersOf } from './speakers.js';
import type { Heard, Speaker } from './speakers.js';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';
import { fixturesDirectory } from '@switchyard/testing';

const DIALECTS = ['openai-chat', 'openai-completions', 'openai-responses', 'anthropic-messages', 'gemini'] as const;
const SANDBOX = [
  { protocol: 'openai-chat', model: 'sandbox/echo' },
  { protocol: 'anthropic-messages', model: 'sandbox/claude-style' },
  { protocol: 'gemini', model: 'sandbox/gemini-style' },
] as const;
const RECORDED = [
  { protocol: 'openai-chat', folder: 'openai', model: 'openai/gpt-4o-mini', only: 'openai' },
  { protocol: 'anthropic-messages', folder: 'anthropic', model: 'anthropic/claude-haiku-4.5', only: 'anthropic' },
  { protocol: 'gemini', folder: 'gemini', model: 'google/gemini-2.5-flash', only: 'google' },
] as const;
const TEXT = 'Hello from the Switchyard sandbox! You said: Hello from every client!';

const recorded = DIALECTS.flatMap((dialect) =>
  RECORDED.flatMap((upstream) =>
    ['tool-call', 'reasoning'].flatMap((tag) =>
      [true, false].flatMap((stream) =>
        casesOf(upstream.folder, tag, stream)
          .filter(({ case: name }) => /^(?:chat|stream)-/.test(name))
          // A thought that nobody can read has no place in the older completions.
          .filter(({ case: name }) => !name.includes('redacted'))
          .slice(0, 1)
          .map(({ case: name }) => ({ dialect, ...upstream, tag, stream, name })),
      ),
    ),
  ),
).filter(({ dialect, tag }) => dialect !== 'openai-completions' || tag !== 'tool-call');

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (answer) => Promise.reject(new Error(`an answer instead of an error: ${JSON.stringify(answer)}`)),
    (error: unknown) => error,
  );

describe('the official client of every dialect', () => {
  const matrix = new Matrix();
  let stack: TestStack;
  let speakers: Readonly<Record<string, Speaker>>;
  beforeAll(async () => {
    stack = await startTestStack();
    speakers = speakersOf(stack.edgeUrls[0]!, stack.account.apiKey);
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const speaker = (dialect: string): Speaker => speakers[dialect]!;
  const expectUsage = ({ usage }: Heard) => {
    expect(usage.prompt).toBeGreaterThan(0);
    expect(usage.completion).toBeGreaterThan(0);
    expect(usage.cost).toBeGreaterThan(0);
  };
  const rows = DIALECTS.flatMap((dialect) => SANDBOX.map((upstream) => ({ dialect, ...upstream })));

  it.each(rows)(
    '$dialect reads what $model says, whole and streamed, with its cost',
    async ({ dialect, protocol, model }) => {
      for (const stream of [false, true]) {
        const heard = await speaker(dialect).ask({ model, text: 'Hello from every client!' }, stream);
        expect({ stream, text: heard.text }).toEqual({ stream, text: TEXT });
        expectUsage(heard);
      }
      matrix.note(speaker(dialect).client, protocol, 'text');
    },
    30_000,
  );

  it.each(rows)(
    '$dialect throws what went wrong at $model, before an answer and in the middle of one',
    async ({ dialect, protocol, model }) => {
      const client = speaker(dialect);
      for (const stream of [false, true]) {
        const limited = { model, text: '[[fault: status=429 retry_after=60]]' };
        const refused = client.errorOf(await rejection(client.ask(limited, stream)));
        expect(refused.status).toBe(429);
        expect(refused.text).toContain('upstream_rate_limited');
      }
      const broken = { model, text: '[[fault: tokens=40 error_event after=3]]' };
      expect(client.errorOf(await rejection(client.ask(broken, true))).text).toMatch(/upstream_|provider/i);
      matrix.note(client.client, protocol, 'errors');
    },
    30_000,
  );

  const recordings = fixturesDirectory() ? describe : describe.skip;
  recordings('with recorded answers of real providers (needs the recordings)', () => {
    it.each(recorded)(
      '$dialect reads $folder: $name, streamed: $stream',
      async ({ dialect, protocol, folder, model, only, tag, stream, name }) => {
        await stack.upstream.replay({ provider: folder, case: name });
        const provider = { only: [only], allow_fallbacks: false };
        const heard = await speaker(dialect).ask(
          {
            model,
            text: 'What is the weather in Paris?',
            provider,
            ...(tag === 'tool-call' && { tool: 'get_weather' }),
          },
          stream,
        );
        if (tag === 'tool-call') expect(heard.calls.length).toBeGreaterThan(0);
        else expect(heard.thoughts.length + heard.usage.reasoning).toBeGreaterThan(0);
        for (const call of heard.calls)
          expect(call).toEqual({ name: expect.any(String), arguments: expect.any(Object) });
        expect(heard.usage.cost).toBeGreaterThan(0);
        expect((await stack.upstream.book()).at(-1)?.replayed).toBe(name);
        matrix.note(speaker(dialect).client, protocol, tag === 'tool-call' ? 'tools' : 'reasoning');
      },
      30_000,
    );

    it('has done what the documentation says, and no less', () => {
      expect(matrix.table()).toBe(matrix.documented());
    });
  });
});
