import { completionTokens, promptTokens } from '@switchyard/contracts';
import type { ProtocolId } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { attemptCall, wireOf } from './testing/call.js';
import { Harness, until, wireText } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const HELLO = 'Hello from the Switchyard sandbox! You said: Good morning';
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

interface Delta {
  readonly content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly { function?: { name?: string; arguments?: string } }[];
}
interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly provider: string;
  readonly choices: readonly { delta?: Delta; message?: Delta; finish_reason: string | null }[];
  readonly usage?: { prompt_tokens: number; completion_tokens: number; cost: number } | null;
}

/** What a client understands of an answer, streamed or not. */
function understood(text: string, stream: boolean) {
  const lines = stream
    ? text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
    : [text, '[DONE]'];
  expect(lines.at(-1)).toBe('[DONE]');
  const chunks = lines.slice(0, -1).map((line) => JSON.parse(line) as Chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const deltas = choices.flatMap((choice) => choice.delta ?? choice.message ?? []);
  const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
  return {
    text: deltas.map((delta) => delta.content ?? '').join(''),
    reasoning: deltas.map((delta) => delta.reasoning ?? '').join(''),
    call: calls.map((call) => call.function?.name ?? '').join(''),
    arguments: calls.map((call) => call.function?.arguments ?? '').join(''),
    finish: choices.findLast((choice) => choice.finish_reason)?.finish_reason,
    usage: chunks.findLast((chunk) => chunk.usage)?.usage,
    ids: new Set(chunks.map((chunk) => `${chunk.id} ${chunk.model} ${chunk.provider}`)),
  };
}

const PROTOCOLS: readonly ProtocolId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'];

describe.each(PROTOCOLS)('a worker whose endpoint speaks %s', (protocol) => {
  describe.each([[true], [false]])('stream: %s', (stream) => {
    const ask = (model: string, body: Record<string, unknown>) =>
      harness.ask({ body: { stream, ...body }, endpoint: { protocol, upstreamModel: model } });

    it('passes a text on, with our id, model and provider, and the cost in the last chunk', async () => {
      const seen = await ask('echo', user('Good morning'));
      expect(seen.failure).toBeNull();
      const answer = understood(seen.text, stream);
      expect(answer).toMatchObject({ text: HELLO, finish: 'stop' });
      expect([...answer.ids]).toEqual([`${seen.call.generationId} sandbox/echo Sandbox`]);
      expect(answer.usage?.cost).toBe(Number(seen.end?.costNanos) / 1e9);
      expect(seen.head).toMatchObject({ status: 200, upstreamStatus: 200 });
    });

    it('books exactly what the provider counted, at the pinned price', async () => {
      const seen = await ask('echo', user('Good morning'));
      const [entry] = await harness.simulator.book();
      const usage = seen.end?.usage;
      expect(usage && [promptTokens(usage), completionTokens(usage)]).toEqual([
        entry?.reported?.promptTokens,
        entry?.reported?.outputTokens,
      ]);
      expect(seen.end).toMatchObject({
        outcome: 'final',
        cancelled: false,
        streamed: stream,
        upstreamId: entry?.upstreamId,
      });
      const expected = usage && costOf(usage, seen.call.endpoint.price, seen.call.admittedAtMs);
      expect(seen.end?.costNanos).toBe(expected?.nanos);
      expect(seen.end?.costPicos).toBe(
        BigInt(entry?.reported?.promptTokens ?? 0) * 1_000_000n +
          BigInt(entry?.reported?.outputTokens ?? 0) * 3_000_000n,
      );
    });

    it('publishes the usage event with the bytes of the end frame', async () => {
      const seen = await ask('echo', user('Good morning'));
      expect(await harness.usageOf(seen.call.generationId)).not.toBeNull();
      expect(harness.published.get(seen.call.generationId)).toBe(seen.end && wireText(seen.end));
    });

    it('passes a tool call on', async () => {
      const seen = await ask('tools', { ...user('Paris'), tools: [WEATHER] });
      const answer = understood(seen.text, stream);
      expect(answer).toMatchObject({ call: 'weather', finish: 'tool_calls', text: '' });
      expect(JSON.parse(answer.arguments)).toEqual({ city: 'Paris' });
    });

    it('passes reasoning on and books it', async () => {
      const seen = await ask('reasoning', { ...user('Good morning'), reasoning: { effort: 'low' }, max_tokens: 4000 });
      const answer = understood(seen.text, stream);
      expect(answer.reasoning).toBe('The user wrote 12 characters. I will repeat them politely.');
      expect(answer.text).toBe(HELLO);
      expect(seen.end && completionTokens(seen.end.usage)).toBe(
        (await harness.simulator.book())[0]?.reported?.outputTokens,
      );
    });

    it('reports cached tokens in their own bucket and at their own price', async () => {
      const body = user(`${protocol} ${stream} ${'long '.repeat(1500)}`);
      await ask('echo', { ...body, max_tokens: 5 });
      const seen = await ask('echo', { ...body, max_tokens: 5 });
      expect(seen.end?.usage.cacheReadTokens).toBe(1408);
      const { inputTokens = 0, outputTokens = 0 } = seen.end?.usage ?? {};
      expect(seen.end?.costPicos).toBe(
        BigInt(inputTokens) * 1_000_000n + 1408n * 100_000n + BigInt(outputTokens) * 3_000_000n,
      );
    });
  });
});

it('tells how the attempt went', async () => {
  const startedAtMs = Date.now();
  const outcomes = () => harness.outcomesSince(startedAtMs);
  await harness.ask({ body: { stream: true, ...user('Hi') } });
  await harness.ask({ body: { stream: true, ...user('Hi [[fault: status=503]]') } });
  await harness.ask({ body: { stream: true, ...user('Hi [[fault: status=400]]') } });
  await until(() => outcomes().length === 3);
  expect(outcomes().map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
    ['success', null],
    ['failure', expect.any(String)],
    ['client_error', expect.any(String)],
  ]);
  expect(outcomes()[0]).toMatchObject({ endpointId: 'sandbox:sandbox/echo', modelId: 'sandbox/echo' });
  expect(outcomes()[0]?.tokensPerSecond).toBeGreaterThan(0);
});

it('never calls the provider twice for one attempt', async () => {
  const first = await harness.ask({ body: { stream: true, ...user('Hi') } });
  const { generationId } = first.call;
  const second = await harness.ask({ body: { stream: true, ...user('Hi') }, generationId });
  expect(second.failure).toMatchObject({ code: 'conflict', retryable: false });
  expect(await harness.simulator.book()).toHaveLength(1);
});

it('refuses what is no call, no JSON and no request, without calling the provider', async () => {
  const meta = { generationId: 'not-an-id' };
  const broken = harness.client.open({ provider: 'sandbox', meta, body: Buffer.from('{}') });
  await expect(broken).rejects.toMatchObject({ failure: { code: 'internal', phase: 'body' } });
  const text = harness.client.open({ provider: 'sandbox', meta: wireOf(attemptCall()), body: Buffer.from('{"a') });
  await expect(text).rejects.toMatchObject({ failure: { code: 'invalid_json', retryable: false } });
  expect((await harness.ask({ body: { stream: true, messages: 'no' } })).failure?.code).toBe('invalid_request');
  expect(await harness.simulator.book()).toHaveLength(0);
});
