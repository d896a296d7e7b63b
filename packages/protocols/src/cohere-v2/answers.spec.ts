import { cut } from '../testing/chunks.js';
import { collect, collectStream } from '../testing/collect.js';
import { cohereV2 } from './index.js';
import { parseUsage } from './usage.js';

const answer = (message: object, fields: object = {}): object => ({
  id: 'x',
  message: { role: 'assistant', ...message },
  finish_reason: 'COMPLETE',
  ...fields,
});
const stream = (events: readonly object[]): Buffer =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
const annotationsOf = (body: object) =>
  cohereV2.parseResponse(body).flatMap((event) => (event.type === 'annotation' ? [event.annotation] : []));

describe('Cohere’s usage', () => {
  const billed = { input_tokens: 119, output_tokens: 44 };
  const tokens = { input_tokens: 1549, output_tokens: 95 };

  it('is what is billed, not what the model saw', () => {
    expect(parseUsage({ billed_units: billed, tokens })).toMatchObject({ inputTokens: 119, outputTokens: 44 });
  });

  it('reads from the cache what is left of it behind the preamble that nobody pays', () => {
    const cached = (cached_tokens: number) => parseUsage({ billed_units: billed, tokens, cached_tokens });
    expect(cached(1504)).toMatchObject({ inputTokens: 45, cacheReadTokens: 74 });
    expect(cached(1430)).toMatchObject({ inputTokens: 119, cacheReadTokens: 0 });
    expect(cached(99_999)).toMatchObject({ inputTokens: 0, cacheReadTokens: 119 });
  });

  it('has pictures and thinking inside of the sums', () => {
    const usage = {
      billed_units: { input_tokens: 267, output_tokens: 50 },
      tokens: { input_tokens: 34, output_tokens: 55, reasoning_tokens: 38, image_tokens: 259 },
      cached_tokens: 26,
    };
    expect(parseUsage(usage)).toMatchObject({
      inputTokens: 8,
      imageInputTokens: 259,
      cacheReadTokens: 0,
      outputTokens: 12,
      reasoningTokens: 38,
    });
  });

  it('is what was counted where nothing is billed', () => {
    expect(parseUsage({ tokens })).toMatchObject({ inputTokens: 1549, outputTokens: 95 });
    expect(parseUsage({})).toBeNull();
  });
});

describe('Cohere’s answers', () => {
  const source = { type: 'document', id: 'd', document: { url: 'https://example.org/a', title: 'A' } };
  const cited = (citation: object) =>
    answer({
      content: [
        { type: 'thinking', thinking: 'Hm.' },
        { type: 'text', text: 'So 🌍 it is.' },
      ],
      citations: [{ sources: [source], ...citation }],
    });

  it('cite in the text, also where positions are counted in other units than ours', () => {
    for (const start of [5, 6, 8])
      expect(annotationsOf(cited({ start, end: start + 5, text: 'it is' }))).toMatchObject([
        { url_citation: { url: 'https://example.org/a', title: 'A', start_index: 6, end_index: 11 } },
      ]);
  });

  it('cite no source that has no address', () => {
    const tool = { type: 'tool', id: 't:0', tool_output: { content: 'ours' } };
    expect(annotationsOf(cited({ start: 0, end: 2, text: 'So', sources: [tool] }))).toEqual([]);
  });

  it('plan their calls in words of their own, which are reasoning', () => {
    const calls = [{ id: 'c', type: 'function', function: { name: 'now', arguments: '{}' } }];
    const body = answer({ tool_plan: 'I will look.', tool_calls: calls }, { finish_reason: 'TOOL_CALL' });
    expect(collect(cohereV2.parseResponse(body))).toMatchObject({
      text: '',
      reasoning: 'I will look.',
      tools: [{ name: 'now', arguments: {} }],
      finish: 'tool_calls',
    });
  });

  it('that end in an error or too late are none', async () => {
    const endings = { ERROR: 'upstream_error', TIMEOUT: 'upstream_timeout' };
    for (const [finish_reason, code] of Object.entries(endings)) {
      const whole = collect(cohereV2.parseResponse(answer({ content: 'Half' }, { finish_reason })));
      expect(whole).toMatchObject({ finish: null, failure: { code } });
      const bytes = stream([{ type: 'message-end', delta: { finish_reason } }]);
      expect(await collectStream(cohereV2.parseStream(cut(bytes, [3])))).toMatchObject({ failure: { code } });
    }
  });

  it('may break off with an error that is no event', async () => {
    const bytes = stream([
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Half' } } } },
      { id: 'x', message: 'too many requests' },
    ]);
    expect(await collectStream(cohereV2.parseStream(cut(bytes, [5])))).toMatchObject({
      text: 'Half',
      finish: null,
      failure: { code: 'upstream_rate_limited' },
    });
  });

  it('start each call once, whatever is repeated, and say nothing of one that never started', async () => {
    const call = (type: string, index: number, details: object) => ({
      type,
      index,
      delta: { message: { tool_calls: { id: 'c', function: details } } },
    });
    const start = call('tool-call-start', 3, { name: 'now', arguments: '' });
    const bytes = stream([
      start,
      start,
      call('tool-call-delta', 3, { arguments: '{}' }),
      call('tool-call-delta', 9, { arguments: 'x' }),
      { type: 'tool-call-end', index: 3 },
    ]);
    const events = await Array.fromAsync(cohereV2.parseStream(cut(bytes, [20])));
    expect(events.map(({ type }) => type)).toEqual(['tool-call-start', 'tool-call-delta', 'tool-call-end']);
  });

  it('may come whole where a stream was asked for', async () => {
    const bytes = Buffer.from(JSON.stringify(answer({ content: [{ type: 'text', text: 'Hi' }] })));
    expect(await collectStream(cohereV2.parseStream(cut(bytes, [7])))).toMatchObject({ text: 'Hi', finish: 'stop' });
  });
});
