import { bodyOf } from '../../testing/builders.js';
import { parseRequest } from './parse-request.js';

const user = (content: unknown): Record<string, unknown> => bodyOf({ messages: [{ role: 'user', content }] });

describe('parseRequest reads', () => {
  it('the smallest request', () => {
    expect(parseRequest(bodyOf())).toEqual({
      models: ['author/model'],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      stream: false,
      provider: { allowFallbacks: true, requireParameters: false, extra: {} },
      parameters: [],
      extra: {},
    });
  });

  it('model before models, each once, and no model at all', () => {
    expect(parseRequest(bodyOf({ models: ['b/c', 'author/model', 'b/c'] })).models).toEqual(['author/model', 'b/c']);
    expect(parseRequest({ messages: [{ role: 'user', content: 'x' }] }).models).toEqual([]);
  });

  it('null as absent, at every depth', () => {
    const parsed = parseRequest(
      bodyOf({
        temperature: null,
        tools: null,
        stop: null,
        reasoning: { effort: null },
        provider: null,
        unknown: null,
      }),
    );
    expect(parsed).toMatchObject({ parameters: [], extra: {}, reasoning: {} });
    expect(parsed.temperature).toBeUndefined();
  });

  it('every sampling parameter, and names what the caller set', () => {
    const parsed = parseRequest(
      bodyOf({
        max_tokens: 10,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 40,
        min_p: 0.1,
        top_a: 0.2,
        frequency_penalty: -1,
        presence_penalty: 1,
        repetition_penalty: 1.1,
        seed: 7,
        stop: 'END',
        logit_bias: { '50256': -100 },
        logprobs: true,
        top_logprobs: 3,
      }),
    );
    expect(parsed).toMatchObject({
      maxTokens: 10,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      minP: 0.1,
      topA: 0.2,
      frequencyPenalty: -1,
      presencePenalty: 1,
      repetitionPenalty: 1.1,
      seed: 7,
      stop: ['END'],
      logitBias: { '50256': -100 },
      logprobs: true,
      topLogprobs: 3,
    });
    expect([...parsed.parameters].sort()).toEqual(
      [
        'frequency_penalty',
        'logit_bias',
        'logprobs',
        'max_tokens',
        'min_p',
        'presence_penalty',
        'repetition_penalty',
        'seed',
        'stop',
        'temperature',
        'top_a',
        'top_k',
        'top_logprobs',
        'top_p',
      ].sort(),
    );
  });

  it('max_completion_tokens before max_tokens', () => {
    expect(parseRequest(bodyOf({ max_tokens: 5, max_completion_tokens: 9 })).maxTokens).toBe(9);
  });

  it('all kinds of content parts', () => {
    const { messages } = parseRequest(
      user([
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        { type: 'video_url', video_url: { url: 'https://x.test/v.mp4' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB', filename: 'a.pdf' } },
        { type: 'file', file: { file_id: 'file-1' } },
      ]),
    );
    expect(messages[0]!.content).toEqual([
      { type: 'text', text: 'a', cacheControl: { ttl: '1h' } },
      { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' }, detail: 'low' },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'audio', data: 'AAAA', format: 'wav' },
      { type: 'video', source: { kind: 'url', url: 'https://x.test/v.mp4' } },
      { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' }, filename: 'a.pdf' },
      { type: 'file', source: { kind: 'id', id: 'file-1' } },
    ]);
  });

  it('a turn with tools, reasoning that came back and a result with a picture', () => {
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 'sig+/=', format: 'anthropic-claude-v1', index: 0, id: null },
      { type: 'reasoning.encrypted', data: 'blob', format: 'anthropic-claude-v1', index: 1, extra: 'kept' },
      { type: 'reasoning.server_tool_call', name: 'x' },
    ];
    const { messages } = parseRequest(
      bodyOf({
        messages: [
          { role: 'developer', content: 'Be brief.' },
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: null,
            reasoning: 'hm',
            reasoning_details: details,
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '' } }],
          },
          {
            role: 'tool',
            tool_call_id: 'c1',
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
          },
        ],
      }),
    );
    expect(messages[2]).toEqual({
      role: 'assistant',
      content: [],
      toolCalls: [{ id: 'c1', name: 'look', arguments: '' }],
      reasoning: details.slice(0, 2),
    });
    expect(messages[3]).toMatchObject({ role: 'tool', toolCallId: 'c1', content: [{ type: 'image' }] });
  });

  it('plain reasoning under both names where there are no details', () => {
    for (const field of ['reasoning', 'reasoning_content'])
      expect(
        parseRequest(bodyOf({ messages: [{ role: 'assistant', content: 'x', [field]: 'hm' }] })).messages[0],
      ).toMatchObject({ reasoning: [{ type: 'reasoning.text', text: 'hm', format: 'unknown' }] });
  });

  it.each([
    [{ reasoning: { effort: 'high' } }, { effort: 'high' }, true],
    [{ reasoning: { max_tokens: 2000, exclude: true } }, { maxTokens: 2000, exclude: true }, true],
    [{ reasoning: { enabled: true } }, { enabled: true }, true],
    [{ reasoning: { enabled: false } }, { enabled: false }, false],
    [{ reasoning_effort: 'low' }, { effort: 'low' }, true],
    [{ reasoning_effort: 'none' }, { effort: 'none' }, false],
    [{ include_reasoning: false }, { exclude: true }, false],
    [{ include_reasoning: true }, {}, false],
  ])('reasoning %j', (fields, expected, isParameter) => {
    const parsed = parseRequest(bodyOf(fields));
    expect(parsed.reasoning).toEqual(expected);
    expect(parsed.parameters.includes('reasoning')).toBe(isParameter);
  });

  it('tools, their choice and a schema for the answer', () => {
    const parsed = parseRequest(
      bodyOf({
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
        tool_choice: { type: 'function', function: { name: 'f' } },
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'out', schema: { type: 'object' }, strict: true },
        },
      }),
    );
    expect(parsed.tools).toEqual([{ name: 'f', parameters: { type: 'object' }, strict: true }]);
    expect(parsed.toolChoice).toEqual({ name: 'f' });
    expect(parsed.responseFormat).toEqual({
      type: 'json_schema',
      name: 'out',
      schema: { type: 'object' },
      strict: true,
    });
    expect(parsed.parameters).toEqual(
      expect.arrayContaining(['tools', 'tool_choice', 'response_format', 'structured_outputs']),
    );
  });

  it('provider preferences, and keeps those that routing does not know', () => {
    const { provider } = parseRequest(
      bodyOf({
        provider: { order: ['a'], allow_fallbacks: false, sort: { by: 'price' }, novelty: true, oddity: null },
      }),
    );
    expect(provider).toEqual({
      order: ['a'],
      allowFallbacks: false,
      requireParameters: false,
      sort: 'price',
      extra: { novelty: true },
    });
  });

  it('unknown fields into extra, but none that only a gateway understands', () => {
    const parsed = parseRequest(
      bodyOf({ novelty: { a: 1 }, plugins: [], route: 'fallback', usage: { include: true }, transforms: [] }),
    );
    expect(parsed.extra).toEqual({ novelty: { a: 1 } });
  });

  it('own __proto__ keys as data', () => {
    const body = JSON.parse(
      '{"model":"a/b","messages":[{"role":"user","content":"x"}],"__proto__":{"stream":true}}',
    ) as unknown;
    const parsed = parseRequest(body);
    expect(parsed.stream).toBe(false);
    expect(Object.getPrototypeOf(parsed.extra)).toBe(Object.prototype);
  });

  it('the old prompt as one user message', () => {
    expect(parseRequest({ model: 'a/b', prompt: 'Once' }).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Once' }] },
    ]);
  });
});
