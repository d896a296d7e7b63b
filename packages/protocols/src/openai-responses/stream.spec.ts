import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CompletionEvent } from '@switchyard/contracts';
import { protocolOf } from '../index.js';
import { laneOf } from '../testing/builders.js';
import { cut, joined, through } from '../testing/chunks.js';
import { collect } from '../testing/collect.js';

const file = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../__fixtures__/openai-responses/${name}`, import.meta.url)), 'utf8');
const sse = (...events: object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

async function read(text: string, provider?: string): Promise<CompletionEvent[]> {
  const events: CompletionEvent[] = [];
  for await (const event of protocolOf('openai-responses').parseStream(cut(Buffer.from(text), [7]), provider))
    events.push(event);
  return events;
}
const body = (fields: object): CompletionEvent[] =>
  protocolOf('openai-responses').parseResponse({
    object: 'response',
    status: 'completed',
    output: [{ id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }],
    usage: { input_tokens: 5, output_tokens: 3 },
    ...fields,
  });
const said = {
  reasoning: 'First.\n\nSecond.',
  signatures: ['one==', 'two=='],
  tools: [{ name: 'weather', arguments: { city: 'Köln' } }],
  finish: 'tool_calls',
  finishes: 1,
};

describe('a stream of the Responses API', () => {
  it.each(['few-deltas.sse', 'only-the-end.sse'])(
    'says everything once, whatever the server left out: %s',
    async (name) => {
      const collected = collect(await read(file(name)));
      expect(collected).toMatchObject(said);
      expect(collected.usage).toMatchObject({ searches: 1, serviceTier: 'flex', reasoningTokens: 4, outputTokens: 2 });
    },
  );

  it('says the same of a server that ignores `stream`', async () => {
    const last = file('only-the-end.sse')
      .split('\n')
      .findLast((line) => line.startsWith('data: '))!;
    const { response } = JSON.parse(last.slice('data: '.length)) as { response: object };
    expect(collect(await read(JSON.stringify(response)))).toMatchObject(said);
  });

  it.each([
    ['openai', 'openai-responses-v1', 'openai-responses-v1'],
    ['azure', 'azure-openai-responses-v1', 'azure-openai-responses-v1'],
    ['xai', 'xai-responses-v1', 'xai-responses-v1'],
    ['lmstudio', 'lmstudio-responses-v1', 'unknown'],
  ])('names %s as the maker of its reasoning', async (provider, encrypted, readable) => {
    const events = await read(file('reasoning.sse'), provider);
    const formats = events.flatMap((event) =>
      event.type === 'reasoning-delta' ? [[event.detail.type, event.detail.format]] : [],
    );
    expect(formats).toEqual([
      ['reasoning.summary', readable],
      ['reasoning.summary', readable],
      ['reasoning.encrypted', encrypted],
    ]);
  });

  it('is cut without its last event, whatever items are done', async () => {
    const text = file('text.sse');
    const events = await read(text.slice(0, text.indexOf('event: response.completed')));
    expect(collect(events)).toMatchObject({ text: 'Grüße, 世界 "q"\n🌍!', finish: null, failure: null, usage: null });
  });

  it.each([
    [
      'an error event',
      { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null },
      'upstream_rate_limited',
    ],
    [
      'a failed response',
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'Oops' } } },
      'upstream_error',
    ],
    [
      'a failure without a reason',
      { type: 'response.failed', response: { status: 'failed', error: null } },
      'upstream_error',
    ],
    ['a cancelled response', { type: 'response.cancelled', response: { status: 'cancelled' } }, 'upstream_error'],
    [
      'a full context',
      { type: 'response.failed', response: { error: { code: 'context_length_exceeded', message: '' } } },
      'context_length_exceeded',
    ],
  ])('ends with %s', async (_what, event, code) => {
    const events = await read(
      sse({ type: 'response.output_text.delta', output_index: 0, delta: 'Half' }, event, event),
    );
    expect(events.filter(({ type }) => type === 'error')).toHaveLength(1);
    expect(collect(events)).toMatchObject({ text: 'Half', finish: null, failure: { code } });
  });

  it('knows what an answer used that failed in the end', async () => {
    const response = { status: 'failed', error: null, usage: { input_tokens: 9, output_tokens: 4 } };
    const lane = laneOf('openai-responses');
    await joined(through(lane, cut(Buffer.from(sse({ type: 'response.failed', response })), [11])));
    expect(lane.summary).toMatchObject({ usage: null, partialUsage: { inputTokens: 9, outputTokens: 4 } });
  });

  it('does not take the error of a tool for one of the answer', async () => {
    const failed = { type: 'response.mcp_call.failed', output_index: 0, item_id: 'mcp_1', error: { message: 'no' } };
    const done = { type: 'response.completed', response: { status: 'completed', output: [] } };
    expect(collect(await read(sse(failed, done)))).toMatchObject({ failure: null, finish: 'stop' });
  });

  it('keeps positions of citations true across several messages', () => {
    const part = (text: string, url: string) => ({
      type: 'output_text',
      text,
      annotations: [{ type: 'url_citation', url, title: 'T', start_index: 0, end_index: 2 }],
    });
    const output = ['a', 'b'].map((name) => ({
      type: 'message',
      content: [part('abc', `https://example.org/${name}`)],
    }));
    const found = body({ output }).filter((event) => event.type === 'annotation');
    expect(found.map(({ annotation }) => annotation['url_citation'])).toMatchObject([
      { start_index: 0, end_index: 2 },
      { start_index: 3, end_index: 5 },
    ]);
  });

  it('reads a stream of hostile positions without keeping them', async () => {
    const events = await read(
      sse(
        ...[1e9, -1, 'x', null].map((output_index) => ({
          type: 'response.output_text.delta',
          output_index,
          delta: 'a',
        })),
      ),
    );
    expect(collect(events).text).toBe('aaa');
  });
});

describe('the usage of a response', () => {
  it('splits caches and reasoning from the totals', () => {
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 30 },
    };
    expect(collect(body({ usage, service_tier: 'priority' })).usage).toMatchObject({
      inputTokens: 50,
      cacheReadTokens: 40,
      cacheWriteTokens: 10,
      outputTokens: 20,
      reasoningTokens: 30,
      serviceTier: 'priority',
    });
  });

  it('counts searches, not the opening of pages, and believes xAI where it counts itself', () => {
    const call = (type: string) => ({ type: 'web_search_call', action: { type } });
    const output = [call('search'), call('open_page'), call('find_in_page'), call('search')];
    expect(collect(body({ output })).usage?.searches).toBe(2);
    const counted = { server_side_tool_usage_details: { web_search_calls: 1, x_search_calls: 3 } };
    expect(collect(body({ output, usage: { input_tokens: 1, output_tokens: 1, ...counted } })).usage?.searches).toBe(4);
  });

  it('is missing where its figures are impossible', () => {
    expect(collect(body({ usage: { input_tokens: 0, output_tokens: -9 } })).usage).toBeNull();
    expect(collect(body({ usage: null }))).toMatchObject({ usage: null, finish: 'stop' });
  });

  it('brings what xAI says that it cost', () => {
    const usage = { input_tokens: 1, output_tokens: 1, cost_in_usd_ticks: 57_462_500 };
    expect(body({ usage })).toContainEqual(expect.objectContaining({ type: 'usage', upstreamCostUsd: '0.0057462500' }));
  });
});

describe('a response that is no answer', () => {
  it.each([
    ['failed', { status: 'failed', error: { code: 'server_error', message: 'Oops' } }, 'upstream_error'],
    ['cancelled', { status: 'cancelled' }, 'upstream_error'],
    ['still going on', { status: 'in_progress' }, 'upstream_invalid_response'],
    ['without output', { output: null }, 'upstream_invalid_response'],
  ])('%s', (_what, fields, code) => {
    expect(collect(body(fields)).failure?.code).toBe(code);
  });
});
