import { DIALECT_IDS } from '@switchyard/contracts';
import type { DialectId, ProtocolId } from '@switchyard/contracts';
import { createLane, dialectOf } from '../index.js';
import { billing, context, laneOf } from '../testing/builders.js';
import { cut, joined, through } from '../testing/chunks.js';

const ASKED: Readonly<Record<DialectId, object>> = {
  'openai-chat': { messages: [{ role: 'user', content: 'Hello' }] },
  'openai-completions': { prompt: 'Hello' },
  'openai-responses': { input: 'Hello' },
  'anthropic-messages': { max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
};
const laneTo = (dialect: DialectId, protocol: ProtocolId) => {
  const request = dialectOf(dialect).parseRequest({ model: 'a/m', stream: true, ...ASKED[dialect] });
  return createLane({ dialect, protocol, context, request });
};
const sse = (...values: (object | string)[]): Buffer =>
  Buffer.from(values.map((value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`).join(''));
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'x',
  choices: [{ index: 0, delta, finish_reason }],
});

/** What tries to be an end, an event, and a header of its own. */
const INJECTED = 'a\r\n\r\ndata: [DONE]\r\n\r\nevent: error\ndata: {"error":1}\n\n\u2028: b';
const UPSTREAMS: Readonly<Record<string, Buffer>> = {
  'openai-chat': sse(chunk({ content: INJECTED }), chunk({}, 'stop'), '[DONE]'),
  'anthropic-messages': sse(
    { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: INJECTED } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ),
  gemini: sse({ candidates: [{ index: 0, content: { parts: [{ text: INJECTED }] }, finishReason: 'STOP' }] }),
};
/** Terminators and lines that are no field of an event. */
const strangeLines = (text: string): string[] =>
  text.split(/\r\n|\n|\r/).filter((line) => line !== '' && !/^(?:data: |event: [\w.]+$|: )/.test(line));

describe('line breaks inside of an upstream’s JSON', () => {
  const rows = Object.keys(UPSTREAMS).flatMap((protocol) => DIALECT_IDS.map((dialect) => ({ protocol, dialect })));

  it.each(rows)('make no event of their own: $protocol to $dialect', async ({ protocol, dialect }) => {
    const lane = laneTo(dialect, protocol as ProtocolId);
    const text = (await joined(through(lane, cut(UPSTREAMS[protocol]!, [7])))).toString();
    const whole = text + Buffer.from(lane.renderEnd(billing)).toString();
    expect(lane.summary).toMatchObject({ terminal: true, failure: null });
    expect(strangeLines(whole)).toEqual([]);
    expect(whole).not.toMatch(/^data: \{"error":1\}/m);
    const ends = whole.match(/^data: \[DONE\]$/gm) ?? [];
    expect(ends).toHaveLength(dialect.startsWith('openai') ? 1 : 0);
    expect(whole).toContain(JSON.stringify(INJECTED).slice(1, -1));
  });

  it('make no line of the name of an event', async () => {
    const lane = laneTo('openai-responses', 'openai-responses');
    const named = { type: 'response.new_thing\r\ndata: {"type":"error"}\r\n\r\n', text: 'x' };
    const bytes = sse({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hi' }, named);
    const lines = (await joined(through(lane, cut(bytes, [bytes.length])))).toString().split(/[\r\n]+/);
    expect(lines.filter((line) => line.startsWith('event: '))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('data: {"type":"error"}'))).toEqual([]);
  });
});

describe('an upstream that tells its usage before it says anything', () => {
  it.each(DIALECT_IDS)('is counted, and heard to its end, by clients of %s', async (dialect) => {
    const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
    const lane = laneTo(dialect, 'openai-chat');
    const bytes = sse(
      { id: 'x', choices: [], usage },
      chunk({ content: 'Good ' }),
      chunk({ content: 'day' }),
      chunk({}, 'stop'),
      '[DONE]',
    );
    const text = (await joined(through(lane, cut(bytes, [50])))).toString();
    expect(text).toContain('Good ');
    expect(text).toContain('day');
    expect(lane.summary).toMatchObject({ terminal: true, usage: { inputTokens: 7, outputTokens: 2 } });
  });
});

describe('a tool that is called by a name with a meaning here', () => {
  it.each(['__proto__', 'constructor', 'openrouter:web_search', 'web_search', 'response.completed', '[DONE]'])(
    '%s is a name like any other',
    async (name) => {
      const call = { index: 0, id: 'c1', type: 'function', function: { name, arguments: '{}' } };
      const lane = laneOf('openai-chat');
      const bytes = sse(chunk({ tool_calls: [call] }), chunk({}, 'tool_calls'), '[DONE]');
      const text = (await joined(through(lane, cut(bytes, [30])))).toString();
      expect(text).toContain(`"name":${JSON.stringify(name)}`);
      expect(lane.summary).toMatchObject({ terminal: true, finishReason: 'tool_calls', toolCallCount: 1 });
      for (const dialect of ['anthropic-messages', 'gemini', 'openai-responses'] as const) {
        const other = laneTo(dialect, 'openai-chat');
        const told =
          (await joined(through(other, cut(bytes, [30])))).toString() +
          Buffer.from(other.renderEnd(billing)).toString();
        expect(told).toContain(`"name":${JSON.stringify(name)}`);
      }
    },
  );
});
