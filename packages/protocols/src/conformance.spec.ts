import { existsSync } from 'node:fs';
import { PROTOCOL_IDS } from '@switchyard/contracts';
import type { ProtocolId } from '@switchyard/contracts';
import { protocolOf } from './index.js';
import { billing, laneOf } from './testing/builders.js';
import { body, chunk, eventsOf } from './testing/client-schemas.js';
import { cut, joined, through } from './testing/chunks.js';
import { collect, collectStream } from './testing/collect.js';
import { fixtureOf, fixturePath, formatOf } from './testing/fixtures.js';
import { readAnswer } from './testing/oracle.js';

/** What each case must mean, in whatever format it came. `only` where a format has no such thing. */
const CASES: readonly {
  readonly name: string;
  readonly meaning: object;
  readonly usage?: object;
  readonly only?: readonly ProtocolId[];
  readonly except?: readonly ProtocolId[];
  /** What formats that count less say instead. */
  readonly usageOf?: Partial<Record<ProtocolId, object>>;
}[] = [
  {
    name: 'text',
    meaning: { text: 'Grüße, 世界 "q"\n🌍!', finish: 'stop', tools: [], reasoning: '' },
    usage: { inputTokens: 8, cacheReadTokens: 4, outputTokens: 5 },
    usageOf: { ollama: { inputTokens: 12, outputTokens: 5 } },
  },
  {
    name: 'parallel-tools',
    meaning: {
      text: 'Looking.',
      finish: 'tool_calls',
      tools: [
        { name: 'weather', arguments: { city: 'Köln' } },
        { name: 'now', arguments: {} },
      ],
    },
    usage: { inputTokens: 30, outputTokens: 20 },
  },
  {
    name: 'reasoning',
    meaning: { text: '42', reasoning: 'Let me think.', finish: 'stop' },
    usage: { inputTokens: 10, outputTokens: 3, reasoningTokens: 6 },
    usageOf: {
      ollama: { inputTokens: 10, outputTokens: 9 },
      'bedrock-converse': { inputTokens: 10, outputTokens: 9 },
    },
  },
  { name: 'structured', meaning: { text: '{"n":1}', finish: 'stop' } },
  { name: 'content-filter', meaning: { text: 'I', finish: 'content_filter' }, except: ['ollama'] },
  { name: 'length', meaning: { text: 'One two', finish: 'length' } },
  { name: 'unknown-fields', meaning: { text: 'Hi', finish: 'stop' }, usage: { inputTokens: 3, outputTokens: 1 } },
  { name: 'citations', meaning: { text: 'Fact', finish: 'stop' }, except: ['ollama'] },
  {
    name: 'refusal',
    meaning: { text: '', tools: [] },
    only: ['openai-chat', 'openai-responses', 'anthropic-messages'],
  },
  { name: 'image-out', meaning: { text: 'Here', finish: 'stop' }, only: ['openai-chat', 'openai-responses', 'gemini'] },
  {
    name: 'logprobs',
    meaning: { text: 'Hi', finish: 'stop' },
    only: ['openai-chat', 'openai-responses', 'gemini', 'cohere-v2', 'ollama'],
  },
];

const file = (protocol: ProtocolId, name: string, ending: 'sse' | 'json'): Buffer =>
  fixtureOf(protocol, `${name}.${ending}`);

const table = CASES.flatMap(({ name, meaning, usage = {}, usageOf = {}, only = PROTOCOL_IDS, except = [] }) =>
  PROTOCOL_IDS.filter((protocol) => only.includes(formatOf(protocol)) && !except.includes(formatOf(protocol))).map(
    (protocol) => ({ name, protocol, meaning, usage: usageOf[formatOf(protocol)] ?? usage }),
  ),
);

describe('every protocol', () => {
  it.each(table)('$protocol reads a whole answer: $name', ({ name, protocol, meaning, usage }) => {
    const collected = collect(protocolOf(protocol).parseResponse(JSON.parse(file(protocol, name, 'json').toString())));
    expect(collected).toMatchObject({ ...meaning, usage, finishes: 1, failure: null });
  });

  it.each(table)('$protocol reads a stream: $name', async ({ name, protocol, meaning, usage }) => {
    const bytes = file(protocol, name, 'sse');
    for (const size of [bytes.length, 1, 3]) {
      const collected = await collectStream(protocolOf(protocol).parseStream(cut(bytes, [size])));
      expect(collected).toMatchObject({ ...meaning, usage, finishes: 1, failure: null });
    }
  });

  it.each(table)('$protocol becomes a body that every client accepts: $name', ({ name, protocol }) => {
    const lane = laneOf(protocol);
    lane.response(file(protocol, name, 'json').toString());
    const rendered: unknown = JSON.parse(Buffer.from(lane.renderResponse(billing)).toString());
    expect(body.safeParse(rendered).error?.issues ?? []).toEqual([]);
    expect(lane.summary).toMatchObject({ terminal: true, failure: null });
  });

  it.each(table)('$protocol becomes a stream that every client accepts: $name', async ({ name, protocol }) => {
    const lane = laneOf(protocol);
    const bytes = await joined(through(lane, cut(file(protocol, name, 'sse'), [64])));
    const events = eventsOf(Buffer.concat([bytes, lane.renderEnd(billing)]));
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => chunk.safeParse(event));
    expect(chunks.flatMap((result) => result.error?.issues ?? [])).toEqual([]);
    const parsed = chunks.map((result) => result.data!);
    expect(parsed[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(parsed.filter((one) => one.choices[0]?.finish_reason)).toHaveLength(1);
    // The usage comes once, in the last chunk.
    expect(parsed.map((one) => one.usage !== undefined)).toEqual([...parsed.slice(1).map(() => false), true]);
  });

  it.each(table)('$protocol says the same streamed and whole: $name', async ({ name, protocol }) => {
    const lane = laneOf(protocol);
    lane.response(file(protocol, name, 'json').toString());
    const whole = readAnswer('openai-chat', Buffer.from(lane.renderResponse(billing)), false);
    const streamed = readAnswer(
      'openai-chat',
      await joined(through(laneOf(protocol), cut(file(protocol, name, 'sse'), [50]))),
      true,
    );
    const { promptTokens: _prompt, completionTokens: _completion, ...said } = whole;
    expect(streamed).toMatchObject({ ...said, signatures: expect.anything() });
  });

  it.each(PROTOCOL_IDS)('%s ends an answer that breaks with an error of the closed list', async (protocol) => {
    const bytes = file(protocol, 'midstream-error', 'sse');
    const collected = await collectStream(protocolOf(protocol).parseStream(cut(bytes, [1])));
    expect(collected).toMatchObject({ text: 'Half an', finish: null });
    expect(['upstream_error', 'upstream_overloaded']).toContain(collected.failure?.code);
    const lane = laneOf(protocol);
    expect(readAnswer('openai-chat', await joined(through(lane, cut(bytes, [bytes.length]))), true).text).toBe(
      'Half an',
    );
    expect(lane.summary).toMatchObject({ terminal: false, finishReason: null });
    expect(lane.summary.failure).toEqual(collected.failure);
  });

  it.each(PROTOCOL_IDS)('%s never calls a cut stream complete', async (protocol) => {
    const bytes = file(protocol, 'cut', 'sse');
    const collected = await collectStream(protocolOf(protocol).parseStream(cut(bytes, [5])));
    expect(collected).toMatchObject({ text: 'Half an', finish: null, failure: null });
    const lane = laneOf(protocol);
    await joined(through(lane, cut(bytes, [5])));
    expect(lane.summary).toMatchObject({ terminal: false, failure: null, usage: null, outputCharacters: 7 });
  });

  it.each(PROTOCOL_IDS)('%s holds everything back until something is said', async (protocol) => {
    const bytes = file(protocol, 'text', 'sse');
    const said = bytes.indexOf('Grüße') + 'Grüße'.length;
    const outputs: number[] = [];
    let read = 0;
    const counting = async function* () {
      for await (const piece of cut(bytes, [1])) {
        read += piece.length;
        yield piece;
      }
    };
    for await (const output of through(laneOf(protocol), counting())) if (output.length > 0) outputs.push(read);
    expect(outputs[0]).toBeGreaterThanOrEqual(said);
  });

  it.each(PROTOCOL_IDS)('%s says that it has no usable answer when it gets a page, nonsense or nothing', (protocol) => {
    for (const text of [
      '<html>Bad gateway</html>',
      '',
      'null',
      '[]',
      '"text"',
      '{}',
      '{"choices":[]}',
      '{"content":',
    ]) {
      const lane = laneOf(protocol);
      lane.response(text);
      expect(lane.summary.failure?.code).toBe('upstream_invalid_response');
      expect(lane.summary.terminal).toBe(false);
    }
  });

  it('has a fixture for every case', () => {
    for (const { name, protocol } of table) expect(existsSync(fixturePath(protocol, `${name}.sse`))).toBe(true);
  });
});

describe('what only one protocol has', () => {
  it('Anthropic: signatures and redacted thinking go through to the byte', async () => {
    const rendered = await joined(
      through(laneOf('anthropic-messages'), cut(file('anthropic-messages', 'reasoning', 'sse'), [9])),
    );
    expect(readAnswer('openai-chat', rendered, true).signatures).toEqual(['EqQBCkYIBxgCKkDx+/==', 'EmwKAhgB/+==']);
  });

  it('Gemini: the signature of a call names the call', () => {
    const lane = laneOf('gemini');
    lane.response(file('gemini', 'parallel-tools', 'json').toString());
    const rendered = body.parse(JSON.parse(Buffer.from(lane.renderResponse(billing)).toString()));
    const { message } = rendered.choices[0]!;
    expect(message.reasoning_details).toEqual([{ type: 'reasoning.encrypted' }]);
    expect(Buffer.from(lane.renderResponse(billing)).toString()).toContain(
      `"data":"CiQB+/==","id":${JSON.stringify(message.tool_calls![0]!.id)}`,
    );
    expect(new Set(message.tool_calls!.map((call) => call.id)).size).toBe(2);
  });

  it('Gemini: a refused prompt is a content filter', async () => {
    const events = await collectStream(
      protocolOf('gemini').parseStream(cut(file('gemini', 'blocked-prompt', 'sse'), [7])),
    );
    expect(events).toMatchObject({ finish: 'content_filter', nativeFinish: 'PROHIBITED_CONTENT', promptTokens: 8 });
  });

  it('Gemini: the array form says the same as events', async () => {
    const bytes = file('gemini', 'json-array', 'sse');
    for (const size of [bytes.length, 1, 11]) {
      const collected = await collectStream(protocolOf('gemini').parseStream(cut(bytes, [size])));
      expect(collected).toMatchObject({
        text: 'Grüße, 世界 ["q"]\n',
        finish: 'stop',
        promptTokens: 12,
        completionTokens: 5,
      });
    }
  });

  it.each(PROTOCOL_IDS.filter((id) => id !== 'ollama'))(
    '%s: citations become url_citation with positions in the text',
    (protocol) => {
      const events = protocolOf(protocol).parseResponse(JSON.parse(file(protocol, 'citations', 'json').toString()));
      const found = events.filter((event) => event.type === 'annotation');
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        annotation: {
          type: 'url_citation',
          url_citation: { url: 'https://example.org/a', title: 'A', start_index: 0, end_index: 4 },
        },
      });
    },
  );

  it.each(['openai-chat', 'openai-responses', 'gemini'] as const)(
    '%s: images come in the form of OpenAI',
    (protocol) => {
      const images = protocolOf(protocol).parseResponse(JSON.parse(file(protocol, 'image-out', 'json').toString()));
      expect(images).toContainEqual({ type: 'image-delta', choice: 0, mediaType: 'image/png', data: 'iVBORw0KGgo=' });
    },
  );

  it.each(['openai-chat', 'openai-responses', 'gemini', 'cohere-v2', 'ollama'] as const)(
    '%s: logprobs come in the form of OpenAI',
    (protocol) => {
      const logprobs = protocolOf(protocol).parseResponse(JSON.parse(file(protocol, 'logprobs', 'json').toString()));
      expect(logprobs).toContainEqual({
        type: 'logprobs',
        choice: 0,
        logprobs: {
          content: [
            {
              token: 'Hi',
              logprob: -0.1,
              bytes: [72, 105],
              top_logprobs: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105] }],
            },
          ],
          refusal: null,
        },
      });
    },
  );

  it.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)(
    '%s: a refusal is not text',
    (protocol) => {
      const lane = laneOf(protocol);
      lane.response(file(protocol, 'refusal', 'json').toString());
      expect(JSON.parse(Buffer.from(lane.renderResponse(billing)).toString())).toMatchObject({
        choices: [{ message: { refusal: 'No, sorry.' } }],
      });
    },
  );
});
