import { protocolOf } from '../index.js';
import { billing, laneOf } from '../testing/builders.js';
import { body, chunk, eventsOf } from '../testing/client-schemas.js';
import { cut, joined, through } from '../testing/chunks.js';
import { collect, collectStream } from '../testing/collect.js';
import { parseUpstreamCost, parseUsage } from './usage.js';

/** Small answers as providers with ways of their own send them; the text was made up for these tests. */
const chat = (choice: object, fields: object = {}): object => ({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', ...choice }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  ...fields,
});
const openai = protocolOf('openai-chat');
const rendered = (answer: object) => {
  const lane = laneOf('openai-chat');
  lane.response(JSON.stringify(answer));
  return body.parse(JSON.parse(Buffer.from(lane.renderResponse(billing)).toString())).choices[0]!;
};
const events = (chunks: readonly object[]): Buffer =>
  Buffer.from([...chunks.map((one) => JSON.stringify(one)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''));

const SEARCH = {
  citations: ['https://example.org/a', 'https://example.org/b'],
  search_results: [
    { title: 'A', url: 'https://example.org/a', snippet: 'It is so.', date: '2026-01-01' },
    { title: 'B', url: 'https://example.org/b' },
  ],
};
const citation = (url: string, title: string, start: number, end: number, content?: string) => ({
  type: 'url_citation',
  url_citation: { url, title, ...(content && { content }), start_index: start, end_index: end },
});
const CITED = [
  citation('https://example.org/b', 'B', 7, 10),
  citation('https://example.org/a', 'A', 0, 13, 'It is so.'),
];

describe('Perplexity', () => {
  const message = { role: 'assistant', content: 'A fact.[2] So' };
  const answer = chat({ message, delta: { role: 'assistant', content: '' } }, SEARCH);

  it('says what its message says, whatever empty delta stands beside it', () => {
    expect(collect(openai.parseResponse(answer))).toMatchObject({ text: 'A fact.[2] So', finish: 'stop' });
    expect(rendered(answer).message.content).toBe('A fact.[2] So');
  });

  it('cites its sources where the text marks them, the others for all of it', () => {
    const annotations = openai
      .parseResponse(answer)
      .flatMap((event) => (event.type === 'annotation' ? event.annotation : []));
    expect(annotations).toEqual(CITED);
    expect(rendered(answer).message.annotations).toMatchObject(CITED.map(({ type }) => ({ type })));
  });

  const deltas = ['A fact.', '[2', '] So'].map((content) => ({
    ...chat({ delta: { content }, finish_reason: null }),
    ...SEARCH,
    object: 'chat.completion.chunk',
  }));
  const last = { ...chat({ delta: { content: '' }, message }), ...SEARCH, object: 'chat.completion.done' };

  it('does the same in a stream, before it finishes', async () => {
    const all = [];
    for await (const event of openai.parseStream(cut(events([...deltas, last]), [7]))) all.push(event);
    expect(all.flatMap((event) => (event.type === 'annotation' ? event.annotation : []))).toEqual(CITED);
    expect(all.findLastIndex(({ type }) => type === 'annotation')).toBeLessThan(
      all.findIndex(({ type }) => type === 'finish'),
    );
    expect(collect(all).text).toBe('A fact.[2] So');
  });

  it('passes its own fields through and the citations beside them', async () => {
    const same = { ...deltas[0]!, usage: null };
    const bytes = events([same, same, same, same, ...deltas, last]);
    const chunks = eventsOf(await joined(through(laneOf('openai-chat'), cut(bytes, [50]))));
    const parsed = chunks.map((one) => chunk.parse(one));
    const cited = parsed.flatMap((one) => one.choices[0]?.delta.annotations ?? []);
    // Seven characters each: repeated frames must not be copied past the reader that counts them.
    expect(cited[0]).toMatchObject({ url_citation: { url: 'https://example.org/b', start_index: 35, end_index: 38 } });
    expect(cited).toHaveLength(2);
    expect(chunks[0]).toMatchObject({ citations: SEARCH.citations, search_results: SEARCH.search_results });
  });

  it('has positions of no source that it names after its text', async () => {
    const late = [chat({ delta: { content: 'A fact.[2]' }, finish_reason: null }), last];
    const all = await Array.fromAsync(openai.parseStream(cut(events(late), [50])));
    expect(all.flatMap((event) => (event.type === 'annotation' ? event.annotation : []))).toEqual([
      citation('https://example.org/a', 'A', 0, 0, 'It is so.'),
      citation('https://example.org/b', 'B', 0, 0),
    ]);
  });

  it('bills what deep research read and thought beside the two sums', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 20,
      total_tokens: 30,
      citation_tokens: 100,
      num_search_queries: 4,
      reasoning_tokens: 1000,
      cost: { input_tokens_cost: 0.0002, total_cost: 0.02352 },
    };
    expect(parseUsage(usage)).toMatchObject({
      inputTokens: 110,
      outputTokens: 20,
      reasoningTokens: 1000,
      searches: 4,
    });
    expect(parseUpstreamCost(usage)).toBe('0.02352');
    // Nobody else's count of reasoning is beside the output.
    const { num_search_queries: _queries, ...others } = usage;
    expect(parseUsage(others)).toMatchObject({ inputTokens: 10, outputTokens: 20, reasoningTokens: 0 });
  });
});

describe('Cloudflare', () => {
  it('answers with an object where JSON was asked for: its text is that JSON', () => {
    const answer = chat({ message: { role: 'assistant', content: { n: 1 } } });
    expect(collect(openai.parseResponse(answer))).toMatchObject({ text: '{"n":1}', finish: 'stop' });
    expect(rendered(answer).message.content).toBe('{"n":1}');
  });
});

describe('Snowflake', () => {
  const nothing = {
    annotations: null,
    audio: { data: '', expires_at: 0, id: '', transcript: '' },
    function_call: { arguments: '', name: '' },
    refusal: '',
    tool_calls: null,
  };
  const logprobs = { content: null, refusal: null };
  const call = { id: 'c', type: 'function', function: { name: 'now', arguments: '{}' } };

  it('sends a call, a sound and logprobs with nothing in them: there are none', () => {
    const answer = chat({ logprobs, finish_reason: '', message: { role: 'assistant', content: 'Hi', ...nothing } });
    expect(openai.parseResponse(answer).map(({ type }) => type)).toEqual(['start', 'text-delta', 'usage', 'finish']);
    expect(rendered(answer)).toMatchObject({ finish_reason: 'stop', native_finish_reason: null });
    expect(rendered(answer).message).not.toHaveProperty('audio');
    expect(rendered(answer).message).not.toHaveProperty('tool_calls');
  });

  it('gives no reason for its finish: calls of tools are one', async () => {
    const answer = chat({
      finish_reason: '',
      message: { role: 'assistant', content: '', ...nothing, tool_calls: [call] },
    });
    expect(collect(openai.parseResponse(answer))).toMatchObject({ finish: 'tool_calls', nativeFinish: null });
    expect(rendered(answer).finish_reason).toBe('tool_calls');
    const delta = { delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: '' };
    const streamed = await collectStream(openai.parseStream(cut(events([chat(delta)]), [9])));
    expect(streamed).toMatchObject({ finish: 'tool_calls', tools: [{ name: 'now', arguments: {} }] });
  });
});

describe('Databricks', () => {
  it('sends the thinking of Claude as summaries in a list', () => {
    const summary = [{ type: 'summary_text', text: 'Let me think.', signature: 'EqQB' }];
    const content = [
      { type: 'reasoning', summary },
      { type: 'text', text: '42' },
    ];
    const answer = chat({ message: { role: 'assistant', content } });
    expect(collect(openai.parseResponse(answer))).toMatchObject({ text: '42', reasoning: 'Let me think.' });
    expect(rendered(answer).message).toMatchObject({ content: '42', reasoning: 'Let me think.' });
  });

  it.each([
    { name: 'contains', usage: { prompt_tokens: 100, total_tokens: 102 }, inputTokens: 40 },
    { name: 'is less than', usage: { prompt_tokens: 30, total_tokens: 32 }, inputTokens: 30 },
    { name: 'stands beside', usage: { prompt_tokens: 100, total_tokens: 162 }, inputTokens: 100 },
  ])('counts a cache that the prompt $name', ({ usage, inputTokens }) => {
    const cache = { cache_read_input_tokens: 50, cache_creation_input_tokens: 10, completion_tokens: 2 };
    expect(parseUsage({ ...usage, ...cache })).toMatchObject({
      inputTokens,
      cacheReadTokens: 50,
      cacheWriteTokens: 10,
      outputTokens: 2,
      reasoningTokens: 0,
    });
  });
});
