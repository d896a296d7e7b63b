import { Buffer } from 'node:buffer';
import { GatewayError, usageOf } from '@switchyard/contracts';
import type { JobId, ProtocolId } from '@switchyard/contracts';
import { endpointOf } from '../testing/builders.js';
import { hashedUser } from '../privacy.js';
import { parseJob } from './index.js';
import { JobLane } from './job-lane.js';
import { planWhole } from './plan-job.js';

const endpoint = endpointOf({ upstreamModel: 'up' });
type WholeJob = Exclude<JobId, 'speech'>;
const plan = (job: WholeJob, body: object, protocol: ProtocolId = 'openai-chat') =>
  planWhole(job, { json: { model: 'a/m', ...body }, files: [] }, protocol, { endpoint });
const sent = (job: WholeJob, body: object, protocol?: ProtocolId) => plan(job, body, protocol).upstream;

const faultOf = (job: JobId, body: object): string => {
  try {
    parseJob(job, { json: { model: 'a/m', ...body }, files: [] });
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} ${String(error.metadata['path'])}`;
  }
  return 'no fault';
};

const vectors = (...list: readonly unknown[]) =>
  JSON.stringify({ data: list.map((embedding, index) => ({ index, embedding })) });
const base64 = (...numbers: readonly number[]) => {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
};

describe('a request for embeddings', () => {
  it.each([
    ['hello', 'hello', 1, 5],
    [['hello', 'you'], ['hello', 'you'], 2, 8],
    [[1, 2, 3], [1, 2, 3], 1, 3],
    [[[1, 2], [3]], [[1, 2], [3]], 2, 3],
  ])('takes %j to OpenAI as it is', (input, expected, texts, promptBytes) => {
    const { upstream, request } = plan('embeddings', { input });
    expect(upstream).toMatchObject({ path: '/embeddings', body: { model: 'up', input: expected } });
    expect(upstream.body).not.toHaveProperty('encoding_format');
    expect(request.size).toMatchObject({ texts, promptBytes, requests: 1 });
  });

  it('takes dimensions and encoding along, and the user as a digest', () => {
    const body = { input: 'x', dimensions: 3, encoding_format: 'base64', user: 'me@example.com' };
    expect(sent('embeddings', body).body).toEqual({
      model: 'up',
      input: 'x',
      dimensions: 3,
      encoding_format: 'base64',
      user: hashedUser('me@example.com'),
    });
  });

  it('speaks the words of Cohere and of Google', () => {
    const body = { input: ['x', 'y'], dimensions: 3, input_type: 'search_query' };
    expect(sent('embeddings', body, 'cohere-v2')).toMatchObject({
      path: '/embed',
      body: { texts: ['x', 'y'], input_type: 'search_query', embedding_types: ['float'], output_dimension: 3 },
    });
    const one = (text: string) => ({
      model: 'models/up',
      content: { parts: [{ text }] },
      taskType: 'RETRIEVAL_QUERY',
      outputDimensionality: 3,
    });
    expect(sent('embeddings', body, 'gemini')).toMatchObject({
      path: '/models/up:batchEmbedContents',
      body: { requests: [one('x'), one('y')] },
    });
  });

  it.each(['cohere-v2', 'gemini'] as const)('with tokens instead of text has no form in %s', (protocol) => {
    expect(() => sent('embeddings', { input: [1, 2] }, protocol)).toThrow(/reads text, not tokens/);
  });

  it('has no form where only messages are spoken', () => {
    expect(() => sent('embeddings', { input: 'x' }, 'anthropic-messages')).toThrow(/no embeddings/);
  });

  it.each([
    [{}, 'input'],
    [{ input: '' }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: ['a', 1] }, 'input[1]'],
    [{ input: [[]] }, 'input[0]'],
    [{ input: [-1] }, 'input[0]'],
    [{ input: Array.from({ length: 2_049 }, () => 'x') }, 'input'],
    [{ input: 'x', dimensions: 0 }, 'dimensions'],
    [{ input: 'x', encoding_format: 'int8' }, 'encoding_format'],
    [{ input: 'x', provider: { sort: 'luck' } }, 'provider.sort'],
  ])('is refused as %#, with the place', (body, place) => {
    expect(faultOf('embeddings', body)).toBe(`invalid_request ${place}`);
  });
});

describe('an answer with embeddings', () => {
  const read = (body: object, text: string) => plan('embeddings', { input: ['x', 'y'], ...body }).read(text);

  it('comes in the encoding that was asked for, whichever the provider chose', () => {
    const [numbers, text] = [[0.5, -1.25], base64(0.5, -1.25)];
    for (const one of [numbers, text]) {
      expect(read({}, vectors(one, one))).toMatchObject({
        body: { data: [{ embedding: numbers }, { embedding: numbers }] },
      });
      expect(read({ encoding_format: 'base64' }, vectors(one, one))).toMatchObject({
        body: { data: [{ embedding: text }, {}] },
      });
    }
  });

  it('is put into the order of the inputs', () => {
    const text = JSON.stringify({
      data: [
        { index: 1, embedding: [2] },
        { index: 0, embedding: [1] },
      ],
    });
    expect(read({}, text)).toMatchObject({
      body: {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [2] },
        ],
      },
    });
  });

  it.each([
    ['a vector too few', vectors([1])],
    ['a vector too many', vectors([1], [2], [3])],
    ['an empty vector', vectors([1], [])],
    ['a vector of something else', vectors([1], ['1'])],
    ['a vector that is cut', vectors([1], 'AAA')],
    ['a vector without end', vectors([1], base64(Infinity))],
    ['no list', '{"data":{}}'],
    ['no JSON', '<html>'],
  ])('with %s is broken', (_, text) => {
    expect(read({}, text)).toMatchObject({ code: 'upstream_invalid_response', retryable: true });
  });

  it('that is an error in disguise is an error', () => {
    expect(read({}, '{"error":{"message":"overloaded","code":503}}')).toMatchObject({ retryable: true });
  });

  it('that is broken is a failure and no end', () => {
    const context = { generationId: 'gen-1', created: 1, model: 'a/m', providerName: 'Acme' };
    const lane = new JobLane(plan('embeddings', { input: 'x' }), context);
    expect(lane.summary).toMatchObject({ failure: null, finishReason: null });
    lane.response('{"data":[]}');
    expect(lane.summary).toMatchObject({
      failure: { code: 'upstream_invalid_response' },
      finishReason: null,
      usage: null,
    });
  });

  it('carries the id of the gateway and the bill', () => {
    const context = { generationId: 'gen-1', created: 1, model: 'a/m', providerName: 'Acme' };
    const lane = new JobLane(plan('embeddings', { input: 'x' }), context);
    lane.response(
      JSON.stringify({
        data: [{ embedding: [1], index: 0 }],
        usage: { prompt_tokens: 7, total_tokens: 7 },
        id: 'up-1',
      }),
    );
    expect(lane.summary).toMatchObject({
      failure: null,
      finishReason: 'stop',
      upstreamId: 'up-1',
      usage: { inputTokens: 7 },
    });
    const usage = usageOf({ source: 'reported', inputTokens: 7, requests: 1 });
    const billing = { usage, costNanos: 140n, promptCostNanos: 140n, completionCostNanos: 0n };
    expect(JSON.parse(Buffer.from(lane.renderResponse(billing)).toString())).toEqual({
      id: 'gen-1',
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      model: 'a/m',
      provider: 'Acme',
      usage: {
        prompt_tokens: 7,
        total_tokens: 7,
        cost: 1.4e-7,
        is_byok: false,
        usage_source: 'reported',
        cost_details: {
          upstream_inference_cost: 1.4e-7,
          upstream_inference_prompt_cost: 1.4e-7,
          upstream_inference_completions_cost: 0,
        },
      },
    });
  });
});

describe('a rerank', () => {
  const documents = ['one', { text: 'two' }, 'three'];
  const results = (...list: readonly (readonly [number, number])[]) =>
    JSON.stringify({
      results: list.map(([index, score]) => ({ index, relevance_score: score })),
      meta: { billed_units: { search_units: 2 } },
    });
  const read = (body: object, text: string) =>
    plan('rerank', { query: 'q', documents, ...body }, 'cohere-v2').read(text);

  it('sends texts, and gives documents back by their score', () => {
    expect(sent('rerank', { query: 'q', documents, top_n: 2 }, 'cohere-v2')).toMatchObject({
      path: '/rerank',
      body: { model: 'up', query: 'q', documents: ['one', 'two', 'three'], top_n: 2 },
    });
    expect(read({}, results([0, 0.1], [2, 0.9], [1, 0.5]))).toMatchObject({
      usage: { requests: 2, inputTokens: 0 },
      body: {
        results: [
          { index: 2, relevance_score: 0.9, document: { text: 'three' } },
          { index: 1, document: { text: 'two' } },
          { index: 0, document: { text: 'one' } },
        ],
      },
    });
  });

  it('gives the best `top_n`, also where the provider gives all', () => {
    const answer = read({ top_n: 1 }, results([0, 0.1], [2, 0.9], [1, 0.5]));
    expect(answer).toMatchObject({ body: { results: [{ index: 2 }] } });
    expect('body' in answer && answer.body['results']).toHaveLength(1);
  });

  it.each([
    ['a document that nobody sent', results([3, 1], [0, 0.5], [1, 0.2])],
    ['a document twice', results([1, 1], [1, 0.5], [0, 0.2])],
    ['too few documents', results([1, 1])],
    ['a score that is none', '{"results":[{"index":0,"relevance_score":"x"},{"index":1},{"index":2}]}'],
    ['no results', '{}'],
  ])('with %s is broken', (_, text) => {
    expect(read({}, text)).toMatchObject({ code: 'upstream_invalid_response' });
  });

  it('counts the query beside each document, and a search for every hundred pieces', () => {
    const sized = (json: object) => parseJob('rerank', { json, files: [] });
    const documents = Array.from({ length: 101 }, () => 'doc');
    const { size } = sized({ model: 'a/m', query: 'query', documents });
    expect(size).toEqual({ promptBytes: 101 * 8, texts: 101, largestBytes: 8, requests: 2 });
    const long = sized({ model: 'a/m', query: 'q', documents: ['x'.repeat(499 * 150)] });
    expect(long.size.requests).toBe(2);
  });

  it.each([
    [{ query: 'q' }, 'documents'],
    [{ query: '', documents }, 'query'],
    [{ query: 'q', documents: [] }, 'documents'],
    [{ query: 'q', documents: [{ image: 'x' }] }, 'documents[0].text'],
    [{ query: 'q', documents, top_n: 0 }, 'top_n'],
  ])('is refused as %j, with the place', (body, place) => {
    expect(faultOf('rerank', body)).toBe(`invalid_request ${place}`);
  });
});
