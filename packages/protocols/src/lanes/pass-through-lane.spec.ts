import fc from 'fast-check';
import { billing, context, laneOf } from '../testing/builders.js';
import { chunk, eventsOf } from '../testing/client-schemas.js';
import { cut, joined, through } from '../testing/chunks.js';
import { readAnswer } from '../testing/oracle.js';

type Fields = Record<string, unknown>;

const frame = (delta: Fields, finish: string | null = null, top: Fields = {}, choice: Fields = {}): Fields => ({
  id: 'chatcmpl-up',
  object: 'chat.completion.chunk',
  created: 5,
  model: 'upstream-model',
  choices: [{ index: 0, delta, finish_reason: finish, ...choice }],
  ...top,
});
const DONE = 'data: [DONE]\n\n';
const sse = (frames: readonly Fields[], end = DONE): Buffer =>
  Buffer.from(frames.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('') + end);

const run = async (bytes: Buffer, fields: Fields = {}, size = bytes.length) => {
  const lane = laneOf('openai-chat', fields);
  const output = await joined(through(lane, cut(bytes, [size])));
  return { lane, output, events: eventsOf(output) as Fields[] };
};
const deltas = (events: readonly Fields[]): unknown[] =>
  events.map((event) => (event['choices'] as { delta: unknown }[])[0]?.delta);

describe('the pass-through lane', () => {
  it('changes identity and nothing else, in copied frames as in parsed ones', async () => {
    const words = ['Hel', 'lo', ' wor', 'ld', '', '"\\\n\u2028', '世界', '🌍', '\\u00e9'];
    const frames = words.map((content) => frame({ content, mood: { deep: [1] } }, null, { novelty: 'x' }, { tail: 1 }));
    const { events } = await run(sse([...frames, frame({}, 'stop')]));
    expect(events).toHaveLength(words.length + 1);
    expect(readAnswer('openai-chat', sse(frames), true).text).toBe(words.join(''));
    for (const [position, event] of events.slice(0, -1).entries()) {
      expect(event).toMatchObject({ id: context.generationId, model: context.model, created: context.created });
      expect(event).toMatchObject({ provider: 'Provider', novelty: 'x' });
      expect(event['choices']).toMatchObject([
        { index: 0, delta: { content: words[position], mood: { deep: [1] } }, tail: 1, finish_reason: null },
      ]);
    }
  });

  it('is the same with and without learned templates', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const delta = fc.oneof(
      text.map((content) => frame({ content })),
      text.map((content) => frame({ content }, null, { obfuscation: 'a"b\\' })),
      text.map((reasoning_content) => frame({ reasoning_content, content: null })),
      text.map((reasoning) => frame({ reasoning })),
      text.map((content) => frame({ content }, null, { usage: null, system_fingerprint: null })),
      text.map((content) => frame({ content }, null, {}, { index: 1 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(delta, { maxLength: 25 }), async (list) => {
        const frames = [frame({ role: 'assistant', content: 'x' }), ...list, frame({}, 'stop')];
        const copied = await run(sse(frames));
        // White space of another kind in every frame: no frame equals a template to the byte.
        const unique =
          frames.map((one, position) => `data: ${' '.repeat(position)}${JSON.stringify(one)}\n\n`).join('') + DONE;
        const parsed = await run(Buffer.from(unique));
        expect(copied.output.toString()).toBe(parsed.output.toString());
        expect(copied.lane.summary.outputCharacters).toBe(parsed.lane.summary.outputCharacters);
      }),
      { numRuns: 100 },
    );
  });

  it('copies padding as it comes', async () => {
    const frames = ['aa', 'b"\\', 'c'].map((padding, position) =>
      frame({ content: `${position}` }, null, { obfuscation: padding }),
    );
    const { events } = await run(sse(frames));
    expect(events.map((event) => event['obfuscation'])).toEqual(['aa', 'b"\\', 'c']);
  });

  it('does not take text for structure', async () => {
    const hostile = [
      'x',
      '"content":"inner"',
      '@@switchyard-text@@',
      '"}],"usage":{',
      '\\"',
      '","finish_reason":"stop',
      'y',
    ];
    const { events } = await run(sse(hostile.map((content) => frame({ content }))));
    expect(deltas(events).map((delta) => (delta as Fields)['content'])).toEqual(hostile);
  });

  it('takes the usage out, wherever it stands, and puts its own at the end', async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const streams = [
      sse([frame({ content: 'a' }), frame({}, 'stop'), { ...frame({}), choices: [], usage }]),
      sse([frame({ content: 'a' }), frame({}, 'stop', { usage })]),
      sse([
        frame({ content: 'a' }, null, { usage: { ...usage, completion_tokens: 1, total_tokens: 4 } }),
        frame({}, 'stop', { usage }),
      ]),
      sse([frame({ content: 'a' }), frame({}, 'stop', { x_groq: { id: 'r', usage } })]),
    ];
    for (const bytes of streams) {
      const { lane, events } = await run(bytes);
      expect(JSON.stringify(events)).not.toContain('prompt_tokens');
      expect(lane.summary.usage).toMatchObject({ source: 'reported', inputTokens: 3, outputTokens: 2 });
      const [end, done] = eventsOf(lane.renderEnd(billing)) as [Fields, string];
      expect(chunk.parse(end).usage).toMatchObject({
        prompt_tokens: 15,
        completion_tokens: 10,
        total_tokens: 25,
        cost: 0.00000125,
        cost_details: { upstream_inference_prompt_cost: 0.00000025, upstream_inference_completions_cost: 0.000001 },
      });
      expect(done).toBe('[DONE]');
    }
  });

  it('gives reasoning one name and details', async () => {
    for (const field of ['reasoning', 'reasoning_content']) {
      const { events, lane } = await run(
        sse([frame({ [field]: 'hm' }), frame({ [field]: ' so' }), frame({ content: 'x' }, 'stop')]),
      );
      expect(deltas(events).slice(0, 2)).toEqual([
        {
          role: 'assistant',
          reasoning: 'hm',
          reasoning_details: [{ type: 'reasoning.text', text: 'hm', index: 0, format: 'unknown' }],
        },
        { reasoning: ' so', reasoning_details: [{ type: 'reasoning.text', text: ' so', index: 0, format: 'unknown' }] },
      ]);
      expect(lane.summary.outputCharacters).toBe(6);
    }
  });

  it('hides reasoning that the caller does not want, but counts it', async () => {
    const frames = [
      frame({ role: 'assistant', reasoning: 'secret' }),
      frame({ reasoning: 'er' }),
      frame({ content: 'x' }, 'stop'),
    ];
    const { output, lane, events } = await run(sse(frames), { reasoning: { exclude: true } });
    expect(output.toString()).not.toContain('secret');
    expect(deltas(events)).toEqual([{ role: 'assistant', content: 'x' }]);
    expect(lane.summary.outputCharacters).toBe(9);
  });

  it('names a tool call once and gives every piece an index and a function', async () => {
    const frames = [
      frame({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
      frame({ tool_calls: [{ index: 0, id: null, type: null, function: { name: null, arguments: '{"x"' } }] }),
      frame({ tool_calls: [{ index: 0, id: '', type: 'function', function: { name: 'f', arguments: ':1}' } }] }),
      frame({ tool_calls: [{ id: 'b', function: { name: 'g', arguments: { y: 2 } } }] }),
      frame({}, 'tool_calls'),
    ];
    const tools = ['f', 'g'].map((name) => ({ type: 'function', function: { name } }));
    const { events, lane } = await run(sse(frames), { tools });
    expect(events.map((event) => chunk.safeParse(event).error)).toEqual(events.map(() => undefined));
    expect(deltas(events)).toEqual([
      {
        role: 'assistant',
        tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{"y":2}' } }] },
      {},
    ]);
    expect(lane.summary.toolCalls).toBe('valid');
  });

  it.each([
    ['a name that was not offered', 'other', '{}', 'unknown_name'],
    ['arguments that are no JSON', 'f', '{"x":', 'invalid_json'],
    ['arguments that are no object', 'f', '[1]', 'invalid_json'],
    ['no arguments at all', 'f', '', 'valid'],
    ['arguments that fit the schema', 'g', '{"city":"Bern"}', 'valid'],
    ['arguments that do not fit the schema', 'g', '{"city":7}', 'schema_mismatch'],
  ])('judges a tool call with %s', async (_what, name, text, verdict) => {
    const call = { index: 0, id: 'a', type: 'function', function: { name, arguments: text } };
    const frames = [frame({ tool_calls: [call] }), frame({}, 'tool_calls')];
    const { lane } = await run(sse(frames), {
      tools: [
        { type: 'function', function: { name: 'f' } },
        {
          type: 'function',
          function: { name: 'g', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
        },
      ],
    });
    expect(lane.summary.toolCalls).toBe(verdict);
  });

  it('adds the keys that clients miss and drops the nulls that they refuse', async () => {
    const bare = {
      id: 'x',
      created: 1,
      model: 'm',
      system_fingerprint: null,
      usage: null,
      choices: [{ delta: { content: 'a' } }],
    };
    const { events } = await run(
      sse([bare, { ...bare, choices: [{ delta: { content: 'b', tool_calls: null, role: null } }] }]),
    );
    for (const event of events) expect(chunk.safeParse(event).error).toBeUndefined();
    expect(events[1]).not.toHaveProperty('system_fingerprint');
    expect(events[1]).not.toHaveProperty('usage');
  });

  it('says a finish itself when the upstream forgot it', async () => {
    const { events, lane } = await run(sse([frame({ content: 'a' })]));
    expect(events.at(-1)).toMatchObject({ choices: [{ finish_reason: 'stop', native_finish_reason: null }] });
    expect(lane.summary).toMatchObject({ terminal: true, finishReason: 'stop' });
  });

  it('keeps the choices of n apart', async () => {
    const frames = [0, 1, 0, 1].map((index) => frame({ content: `${index}` }, null, {}, { index }));
    const ends = [0, 1].map((index) => frame({}, 'stop', {}, { index }));
    const { events, lane } = await run(sse([...frames, ...ends]), { n: 2 });
    const roles = events.flatMap((event) =>
      (event['choices'] as { index: number; delta: Fields }[]).map((one) => [one.index, one.delta['role']]),
    );
    expect(roles.filter(([, role]) => role === 'assistant')).toEqual([
      [0, 'assistant'],
      [1, 'assistant'],
    ]);
    expect(lane.summary.terminal).toBe(true);
  });

  it('stops at [DONE], whatever follows', async () => {
    const { events } = await run(
      Buffer.concat([sse([frame({ content: 'a' }, 'stop')]), sse([frame({ content: 'late' })])]),
    );
    expect(events).toHaveLength(1);
  });

  it('is not complete without [DONE] until every choice has finished', async () => {
    expect((await run(sse([frame({ content: 'a' })], ''))).lane.summary.terminal).toBe(false);
    expect((await run(sse([frame({ content: 'a' }, 'stop')], ''))).lane.summary.terminal).toBe(true);
    expect((await run(Buffer.from(DONE))).lane.summary.terminal).toBe(false);
  });

  it('reads a whole body that came in place of a stream', async () => {
    const body = {
      id: 'x',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    };
    const { events, lane } = await run(Buffer.from(JSON.stringify(body)));
    expect(deltas(events)).toEqual([{ role: 'assistant', content: 'Hi' }]);
    expect(lane.summary).toMatchObject({ terminal: true, finishReason: 'stop' });
  });

  it('lets unknown fields of a body through', () => {
    const lane = laneOf('openai-chat');
    const message = { role: 'assistant', content: 'Hi', mood: 'calm', reasoning_content: 'hm' };
    lane.response(JSON.stringify({ id: 'x', novelty: 1, choices: [{ message, finish_reason: 'eos', seed: 9 }] }));
    const body = JSON.parse(Buffer.from(lane.renderResponse(billing)).toString()) as Fields;
    expect(body).toMatchObject({
      id: context.generationId,
      novelty: 1,
      system_fingerprint: null,
      choices: [
        {
          index: 0,
          seed: 9,
          finish_reason: 'stop',
          native_finish_reason: 'eos',
          message: { mood: 'calm', reasoning: 'hm' },
        },
      ],
    });
  });
});
