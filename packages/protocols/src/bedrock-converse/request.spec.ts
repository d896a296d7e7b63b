import type { CatalogueEndpoint } from '@switchyard/contracts';
import { dialectOf } from '../index.js';
import { endpointOf, requestOf } from '../testing/builders.js';
import { renderRequest } from './request.js';

const CLAUDE = { upstreamModel: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' };
const NOVA = { upstreamModel: 'us.amazon.nova-2-lite-v1:0' };
const GPT_OSS = { upstreamModel: 'openai.gpt-oss-120b-1:0' };
const LLAMA = { upstreamModel: 'meta.llama3-2-1b-instruct-v1:0' };

const render = (fields: Record<string, unknown> = {}, endpoint: Partial<CatalogueEndpoint> = CLAUDE) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });
const bodyOf = (fields: Record<string, unknown> = {}, endpoint?: Partial<CatalogueEndpoint>) =>
  render(fields, endpoint).body;
const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { properties: { city: { type: 'string' } } } },
};
const called = [
  { role: 'user', content: 'Weather?' },
  {
    role: 'assistant',
    content: 'Looking.',
    tool_calls: [
      { id: 'call.1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
      { id: 'c2', type: 'function', function: { name: 'now', arguments: '' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call.1', content: 'sunny' },
  { role: 'tool', tool_call_id: 'c2', content: '12:00' },
];

describe('the path', () => {
  it('has the model in it, encoded, and says whether to stream', () => {
    expect(render().path).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
    expect(render({ stream: true })).toMatchObject({
      path: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
      headers: { accept: 'application/vnd.amazon.eventstream' },
    });
    const profile = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc';
    expect(render({}, { upstreamModel: profile }).path).toBe(`/model/${encodeURIComponent(profile)}/converse`);
  });

  it('is the only place where the model and streaming are named', () => {
    expect(bodyOf({ stream: true })).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });
});

describe('messages', () => {
  it('are instructions, and turns that alternate', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Two' },
          { type: 'text', text: ' ' },
        ],
      },
      { role: 'developer', content: 'Be kind.' },
      { role: 'assistant', content: 'Three ' },
    ];
    expect(bodyOf({ messages })).toEqual({
      system: [{ text: 'Be brief.' }, { text: 'Be kind.' }],
      messages: [
        { role: 'user', content: [{ text: 'One' }, { text: 'Two' }] },
        { role: 'assistant', content: [{ text: 'Three' }] },
      ],
    });
  });

  it('have calls and their results, all results of a turn together', () => {
    expect(bodyOf({ messages: called, tools: [weather] })['messages']).toEqual([
      { role: 'user', content: [{ text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [
          { text: 'Looking.' },
          { toolUse: { toolUseId: 'call_1', name: 'weather', input: { city: 'Köln' } } },
          { toolUse: { toolUseId: 'c2', name: 'now', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'sunny' }] } },
          { toolResult: { toolUseId: 'c2', content: [{ text: '12:00' }] } },
        ],
      },
    ]);
  });

  it('say that a tool failed', () => {
    const request = dialectOf('anthropic-messages').parseRequest({
      model: 'a/b',
      max_tokens: 5,
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'broken', is_error: true }] },
      ],
    });
    const { body } = renderRequest(request, { endpoint: endpointOf(CLAUDE) });
    expect(JSON.stringify(body)).toContain(
      '{"toolResult":{"toolUseId":"t","content":[{"text":"broken"}],"status":"error"}}',
    );
  });

  it('have pictures, documents, sounds and films', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } },
      { type: 'file', file: { filename: 'Grüße, 2.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
      { type: 'file', file: { filename: 'Grüße, 2.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
      { type: 'file', file: { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('facts')}` } },
      { type: 'input_audio', input_audio: { data: 'DDDD', format: 'mp3' } },
      { type: 'video_url', video_url: { url: 'data:video/quicktime;base64,EEEE' } },
    ];
    expect(bodyOf({ messages: [{ role: 'user', content }] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          // A document is refused without a text beside it.
          { text: 'Gr e 2, Gr e 2 2, a' },
          { image: { format: 'jpeg', source: { bytes: 'AAAA' } } },
          { document: { format: 'pdf', name: 'Gr e 2', source: { bytes: 'BBBB' } } },
          { document: { format: 'pdf', name: 'Gr e 2 2', source: { bytes: 'CCCC' } } },
          { document: { format: 'txt', name: 'a', source: { text: 'facts' } } },
          { audio: { format: 'mp3', source: { bytes: 'DDDD' } } },
          { video: { format: 'mov', source: { bytes: 'EEEE' } } },
        ],
      },
    ]);
  });

  it.each([
    ['a picture on the web', { type: 'image_url', image_url: { url: 'https://example.org/a.png' } }],
    [
      'an object of S3, which the operator may read and the caller may not',
      { type: 'file', file: { file_id: 's3://bucket/a.pdf' } },
    ],
  ])('cannot have %s', (_what, part) => {
    expect(() => render({ messages: [{ role: 'user', content: [part] }] })).toThrow('by its address');
  });

  it('give Claude its own thoughts back to the byte, and nobody else', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'Hm.', signature: 'EqQB+/==', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'AbC+/==', format: 'amazon-bedrock-v1', index: 1 },
      { type: 'reasoning.encrypted', data: 'other', format: 'openai-responses-v1', index: 2 },
      { type: 'reasoning.text', text: 'unsigned', index: 3 },
    ];
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', reasoning_details },
      { role: 'user', content: 'c' },
    ];
    const turn = (endpoint: Partial<CatalogueEndpoint>) =>
      (bodyOf({ messages }, endpoint)['messages'] as { content: unknown[] }[])[1]!.content;
    expect(turn(CLAUDE)).toEqual([
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'EqQB+/==' } } },
      { reasoningContent: { redactedContent: 'AbC+/==' } },
      { text: 'b' },
    ]);
    expect(turn(LLAMA)).toEqual([{ text: 'b' }]);
  });
});

describe('caching', () => {
  const cached = (text: string, ttl?: string) => ({
    type: 'text',
    text,
    cache_control: { type: 'ephemeral', ...(ttl && { ttl }) },
  });
  const point = { cachePoint: { type: 'default' } };

  it('is a block after what is to be cached, for makers that know it', () => {
    const messages = [
      { role: 'system', content: [cached('rules', '1h')] },
      { role: 'user', content: [cached('book'), { type: 'text', text: 'question' }] },
    ];
    expect(bodyOf({ messages })).toEqual({
      system: [{ text: 'rules' }, { cachePoint: { type: 'default', ttl: '1h' } }],
      messages: [{ role: 'user', content: [{ text: 'book' }, point, { text: 'question' }] }],
    });
    expect(bodyOf({ messages }, NOVA)['system']).toEqual([{ text: 'rules' }, point]);
    expect(JSON.stringify(bodyOf({ messages }, LLAMA))).not.toContain('cachePoint');
  });

  it('keeps the last four breakpoints, which cover most', () => {
    const messages = [
      { role: 'system', content: [cached('0'), cached('1')] },
      { role: 'user', content: ['2', '3', '4', '5'].map((text) => cached(text)) },
    ];
    expect(bodyOf({ messages })).toEqual({
      system: [{ text: '0' }, { text: '1' }],
      messages: [{ role: 'user', content: ['2', '3', '4', '5'].flatMap((text) => [{ text }, point]) }],
    });
  });

  it('stands at the end of the last turn when it was asked for at the top', () => {
    expect(bodyOf({ cache_control: { type: 'ephemeral' } })['messages']).toEqual([
      { role: 'user', content: [{ text: 'Hello' }, point] },
    ]);
  });
});

describe('tools', () => {
  const spec = { name: 'weather', inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } } };

  it.each([
    ['auto', { auto: {} }],
    ['required', { any: {} }],
    [{ type: 'function', function: { name: 'weather' } }, { tool: { name: 'weather' } }],
    [undefined, undefined],
  ])('with the choice %j', (tool_choice, toolChoice) => {
    const config = bodyOf({ tools: [weather], ...(tool_choice && { tool_choice }) })['toolConfig'];
    expect(config).toEqual({ tools: [{ toolSpec: spec }], ...(toolChoice && { toolChoice }) });
  });

  it('are left out where none may be called, unless the conversation has calls', () => {
    expect(bodyOf({ tools: [weather], tool_choice: 'none' })).not.toHaveProperty('toolConfig');
    const { body, dropped } = render({ tools: [weather], tool_choice: 'none', messages: called });
    expect(body['toolConfig']).toEqual({ tools: [{ toolSpec: spec }] });
    expect(dropped).toEqual(['tool_choice']);
  });

  it('follow from earlier calls where the caller has left them out', () => {
    expect(bodyOf({ messages: called })['toolConfig']).toEqual({
      tools: ['weather', 'now'].map((name) => ({ toolSpec: { name, inputSchema: { json: { type: 'object' } } } })),
    });
  });

  it('are strict where that was asked for', () => {
    const strict = { type: 'function', function: { ...weather.function, description: 'd', strict: true } };
    expect(bodyOf({ tools: [strict] })['toolConfig']).toEqual({
      tools: [{ toolSpec: { ...spec, description: 'd', strict: true } }],
    });
  });

  it('include the web search that Nova has', () => {
    expect(bodyOf({ web_search_options: {} }, NOVA)['toolConfig']).toEqual({
      tools: [{ systemTool: { name: 'nova_grounding' } }],
    });
    expect(render({ web_search_options: {} }).dropped).toContain('web_search_options');
  });
});

describe('how to answer', () => {
  it('goes where all models read it, on a scale that ends at one', () => {
    const fields = { max_tokens: 64, temperature: 1.5, top_p: 0.9, stop: ['\n\n', 'END'] };
    expect(bodyOf(fields, LLAMA)['inferenceConfig']).toEqual({
      maxTokens: 64,
      temperature: 1,
      topP: 0.9,
      stopSequences: ['\n\n', 'END'],
    });
    expect(bodyOf(fields)['inferenceConfig']).toEqual({
      maxTokens: 64,
      temperature: 1,
      stopSequences: ['\n\n', 'END'],
    });
    expect(render(fields).dropped).toEqual(['top_p']);
  });

  it.each([
    ['claude', CLAUDE, { top_k: 5 }, []],
    ['nova', NOVA, { inferenceConfig: { topK: 5 } }, []],
    ['other', LLAMA, undefined, ['top_k']],
  ])('has top_k for %s where its maker looks for it', (_family, endpoint, additional, dropped) => {
    const rendered = render({ top_k: 5 }, endpoint);
    expect(rendered.body['additionalModelRequestFields']).toEqual(additional);
    expect(rendered.dropped).toEqual(dropped);
  });

  it.each([
    ['claude', CLAUDE, { thinking: { type: 'enabled', budget_tokens: 5000 } }],
    ['nova', NOVA, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
    ['gpt-oss', GPT_OSS, { reasoning_effort: 'medium' }],
    ['other', LLAMA, undefined],
  ])('thinks as %s does', (family, endpoint, additional) => {
    const rendered = render({ max_tokens: 10_000, temperature: 0.5, reasoning: { effort: 'medium' } }, endpoint);
    expect(rendered.body['additionalModelRequestFields']).toEqual(additional);
    expect(rendered.dropped).toEqual(family === 'other' ? ['reasoning'] : family === 'claude' ? ['temperature'] : []);
  });

  it('thinks not at all when told so', () => {
    const off = { reasoning: { enabled: false } };
    expect(bodyOf(off)['additionalModelRequestFields']).toEqual({ thinking: { type: 'disabled' } });
    expect(bodyOf(off, NOVA)['additionalModelRequestFields']).toEqual({ reasoningConfig: { type: 'disabled' } });
    expect(bodyOf(off, GPT_OSS)).not.toHaveProperty('additionalModelRequestFields');
  });

  it('knows the maker behind an inference profile by the public id', () => {
    const profile = {
      upstreamModel: 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x',
      modelId: 'anthropic/claude-haiku-4.5',
    };
    expect(bodyOf({ top_k: 5 }, profile)['additionalModelRequestFields']).toEqual({ top_k: 5 });
  });

  it('holds to a schema, which travels as text', () => {
    const json_schema = { name: 'person', description: 'd', schema: { type: 'object' } };
    expect(bodyOf({ response_format: { type: 'json_schema', json_schema } })['outputConfig']).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { name: 'person', description: 'd', schema: '{"type":"object"}' } },
      },
    });
  });

  it('is told in words to answer with JSON where nothing enforces it', () => {
    expect(JSON.stringify(bodyOf({ response_format: { type: 'json_object' } })['system'])).toContain(
      'single JSON value',
    );
    const json_schema = { name: 'person', schema: { title: 'T' } };
    const old = { ...LLAMA, supportedParameters: ['response_format'] };
    const body = bodyOf({ response_format: { type: 'json_schema', json_schema } }, old);
    expect(JSON.stringify(body['system'])).toContain('{\\"title\\":\\"T\\"}');
    expect(body).not.toHaveProperty('outputConfig');
  });

  it('has a tier', () => {
    expect(bodyOf({ service_tier: 'flex' })).toMatchObject({ serviceTier: { type: 'flex' } });
    expect(bodyOf({ service_tier: 'auto' })).not.toHaveProperty('serviceTier');
  });

  it('never has what would cost the operator more than the caller pays', () => {
    const fields = { guardrailConfig: { guardrailIdentifier: 'g' }, performanceConfig: { latency: 'optimized' } };
    expect(bodyOf(fields)).toEqual(bodyOf());
  });

  it('reports what the format has no place for', () => {
    const fields = {
      seed: 1,
      logit_bias: { '1': 1 },
      frequency_penalty: 1,
      min_p: 0.1,
      tools: [weather],
      parallel_tool_calls: false,
    };
    expect(render(fields).dropped.toSorted()).toEqual([
      'frequency_penalty',
      'logit_bias',
      'min_p',
      'parallel_tool_calls',
      'seed',
    ]);
  });
});
