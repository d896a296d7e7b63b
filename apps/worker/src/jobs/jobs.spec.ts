import { costOf } from '@switchyard/pricing';
import { attemptCall, wireOf } from '../testing/call.js';
import { Harness, wireText } from '../testing/harness.js';
import type { Ask } from '../testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const embed = (body: object, changes: Partial<Ask> = {}) =>
  harness.ask({
    job: 'embeddings',
    stream: false,
    body: { ...body },
    endpoint: { upstreamModel: 'embed', outputModalities: ['embeddings'], maxCompletionTokens: null },
    ...changes,
  });

interface Embeddings {
  readonly id: string;
  readonly object: string;
  readonly model: string;
  readonly provider: string;
  readonly data: { readonly index: number; readonly embedding: number[] | string }[];
  readonly usage: Record<string, number>;
}

describe('embeddings', () => {
  it('come whole, with the price of their tokens in the answer, on the usage stream and in the last frame', async () => {
    const { text, head, end, call } = await embed({ input: ['good morning', 'good night'] });
    const answer = JSON.parse(text) as Embeddings;
    expect(head).toMatchObject({ status: 200, contentType: 'application/json' });
    expect(answer).toMatchObject({ id: call.generationId, object: 'list', model: 'sandbox/echo', provider: 'Sandbox' });
    expect(answer.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 16],
      [1, 16],
    ]);
    expect(end).toMatchObject({
      outcome: 'final',
      streamed: false,
      usage: { source: 'reported', inputTokens: 4, outputTokens: 0 },
    });
    if (!end) return;
    expect(end.costNanos).toBe(costOf(end.usage, call.endpoint.price, call.admittedAtMs).nanos);
    expect(answer.usage).toMatchObject({ prompt_tokens: 4, total_tokens: 4, cost: Number(end.costNanos) / 1e9 });
    expect(harness.published.get(call.generationId) ?? wireText((await harness.usageOf(call.generationId))!)).toBe(
      wireText(end),
    );
  });

  it('are the same numbers in either encoding', async () => {
    const [floats, text] = [
      await embed({ input: 'x', dimensions: 5 }),
      await embed({ input: 'x', dimensions: 5, encoding_format: 'base64' }),
    ].map((seen) => (JSON.parse(seen.text) as Embeddings).data[0]!.embedding);
    const bytes = Buffer.from(String(text), 'base64');
    expect(floats).toEqual(Array.from({ length: 5 }, (_, index) => bytes.readFloatLE(index * 4)));
  });

  it('without reported usage are estimated by their size', async () => {
    const input = '[[fault: usage=none]] 0123456789';
    const { end } = await embed({ input });
    expect(end).toMatchObject({
      outcome: 'estimate',
      usage: { source: 'estimated', inputTokens: Math.ceil(input.length / 4), outputTokens: 0 },
    });
  });

  it.each([
    ['an error', '[[fault: status=429]] x', { code: 'upstream_rate_limited', retryable: true }],
    ['an answer that is cut', '[[fault: cut after=0]] x', { code: 'upstream_disconnected', retryable: true }],
  ])('that end in %s cost nothing and may be tried elsewhere', async (_, input, failure) => {
    const { failure: seen, text, call } = await embed({ input });
    expect(text).toBe('');
    expect(seen).toMatchObject({ ...failure, usage: null });
    expect(await harness.usageOf(call.generationId)).toBeNull();
  });

  it('of a broken request never reach the provider', async () => {
    const { failure } = await embed({ input: '' });
    expect(failure).toMatchObject({ code: 'invalid_request', retryable: false });
    expect(await harness.simulator.book()).toHaveLength(0);
  });
});

it('a rerank is billed by the search', async () => {
  const price = { version: 'test-1', prompt: 0n, completion: 0n, request: 2_000_000_000n };
  const { text, end, call } = await harness.ask({
    job: 'rerank',
    stream: false,
    body: { query: 'red fox', documents: ['blue whale', 'the red fox', 'red'], top_n: 2 },
    endpoint: { upstreamModel: 'rerank', outputModalities: ['rerank'], price },
  });
  const answer = JSON.parse(text) as { results: { index: number; document: object }[]; usage: object };
  expect(answer.results.map(({ index, document }) => [index, document])).toEqual([
    [1, { text: 'the red fox' }],
    [2, { text: 'red' }],
  ]);
  expect(answer.usage).toMatchObject({ search_units: 1, cost: 0.002 });
  expect(end).toMatchObject({ generationId: call.generationId, costNanos: 2_000_000n, usage: { requests: 1 } });
});

it('a call without a job is a completion, as of edges that know no jobs', () => {
  expect(wireOf(attemptCall())).not.toHaveProperty('job');
});
