import { bodyOf, endpointOf, requestOf } from '../testing/builders.js';
import type { CatalogueEndpoint } from '@switchyard/contracts';
import { renderRequest } from './request.js';

const render = (fields: Record<string, unknown> = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });
const messagesOf = (...messages: unknown[]) => render({ messages }).body;

describe('a request for Anthropic', () => {
  it('is the smallest one, with max_tokens from the endpoint', () => {
    expect(render()).toEqual({
      path: '/messages',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: {
        model: 'upstream-model',
        max_tokens: 64_000,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
      dropped: [],
    });
    expect(render({}, { maxCompletionTokens: null }).body['max_tokens']).toBe(8192);
    expect(render({ max_tokens: 5, stream: true }).body).toMatchObject({ max_tokens: 5, stream: true });
  });

  it('collects instructions of system and developer', () => {
    expect(
      messagesOf({ role: 'system', content: 'A' }, { role: 'user', content: 'x' }, { role: 'developer', content: 'B' }),
    ).toMatchObject({
      system: [
        { type: 'text', text: 'A' },
        { type: 'text', text: 'B' },
      ],
      messages: [{ role: 'user' }],
    });
  });

  it('sends tools, their choice and whether they may be parallel', () => {
    const tools = [
      { type: 'function', function: { name: 'f', description: 'd', parameters: { properties: {} }, strict: true } },
    ];
    expect(render({ tools, tool_choice: 'required', parallel_tool_calls: false }).body).toMatchObject({
      tools: [
        {
          name: 'f',
          description: 'd',
          input_schema: { type: 'object', properties: {}, additionalProperties: false },
          strict: true,
        },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    });
    const choices = [
      ['auto', { type: 'auto' }],
      ['none', { type: 'none' }],
      [
        { type: 'function', function: { name: 'f' } },
        { type: 'tool', name: 'f' },
      ],
    ];
    for (const [choice, expected] of choices)
      expect(render({ tools, tool_choice: choice }).body['tool_choice']).toEqual(expected);
    expect(render({ tools: [{ type: 'function', function: { name: 'f' } }] }).body['tools']).toEqual([
      { name: 'f', input_schema: { type: 'object' } },
    ]);
  });

  it('puts the results of parallel calls, pictures included, into one user turn before its text', () => {
    const body = messagesOf(
      { role: 'user', content: 'go' },
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [
          { id: 'call:1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
          { id: 'c2', type: 'function', function: { name: 'g', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call:1', content: 'one' },
      {
        role: 'tool',
        tool_call_id: 'c2',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      },
      { role: 'user', content: 'and?' },
    );
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } },
          { type: 'tool_use', id: 'c2', name: 'g', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'one' }] },
          {
            type: 'tool_result',
            tool_use_id: 'c2',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
          },
          { type: 'text', text: 'and?' },
        ],
      },
    ]);
  });

  it('gives thinking back first and to the byte, and none that another model made', () => {
    const details = [
      { type: 'reasoning.text', text: ' hm\n', signature: 'sig+/==', format: 'anthropic-claude-v1' },
      { type: 'reasoning.encrypted', data: 'blob+/==', format: 'anthropic-claude-v1' },
      { type: 'reasoning.text', text: 'foreign', format: 'unknown' },
      { type: 'reasoning.encrypted', data: 'foreign', format: 'google-gemini-v1' },
      { type: 'reasoning.text', text: 'unsigned', format: 'anthropic-claude-v1' },
    ];
    const body = messagesOf(
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y', reasoning_details: details },
      { role: 'user', content: 'z' },
    );
    expect((body['messages'] as unknown[])[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: ' hm\n', signature: 'sig+/==' },
        { type: 'redacted_thinking', data: 'blob+/==' },
        { type: 'text', text: 'y' },
      ],
    });
  });

  it('sends pictures and documents by value and by address', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB', filename: 'a.pdf' } },
      { type: 'file', file: { file_data: 'https://x.test/b.pdf' } },
      { type: 'file', file: { file_data: `data:text/plain;base64,${Buffer.from('Grüße').toString('base64')}` } },
      { type: 'file', file: { file_id: 'file_1' } },
    ];
    expect(messagesOf({ role: 'user', content })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' }, title: 'a.pdf' },
          { type: 'document', source: { type: 'url', url: 'https://x.test/b.pdf' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
          { type: 'document', source: { type: 'file', file_id: 'file_1' } },
        ],
      },
    ]);
  });

  it('passes cache breakpoints of parts, tools and the whole request', () => {
    const { body } = render({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a', prompt_cache_breakpoint: {} },
            { type: 'text', text: 'b' },
          ],
        },
      ],
      tools: [{ type: 'function', function: { name: 'f' }, cache_control: { type: 'ephemeral' } }],
      cache_control: { type: 'ephemeral' },
    });
    expect(body).toMatchObject({
      system: [{ cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tools: [{ cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          content: [
            { text: 'a', cache_control: { type: 'ephemeral' } },
            { text: 'b', cache_control: { type: 'ephemeral' } },
          ],
        },
      ],
    });
  });

  it('continues a prefill without its trailing space', () => {
    const body = messagesOf({ role: 'user', content: 'x' }, { role: 'assistant', content: 'The answer is ' });
    expect((body['messages'] as unknown[]).at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'The answer is' }],
    });
  });

  it('asks for a schema where the model can, and says it in words where not', () => {
    const format = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } };
    expect(render({ response_format: format }).body).toMatchObject({
      output_config: { format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } } },
    });
    const told = render({ response_format: format }, { supportedParameters: ['response_format'] }).body;
    expect(told['output_config']).toBeUndefined();
    expect(JSON.stringify(told['system'])).toContain('{\\"type\\":\\"object\\"}');
    expect(render({ response_format: { type: 'json_object' } }).body['system']).toHaveLength(1);
    expect(render({ response_format: { type: 'text' } }).body['system']).toBeUndefined();
  });

  it('drops what the endpoint or the format cannot take, and says so', () => {
    const { body, dropped } = render(
      { temperature: 0.3, top_k: 5, seed: 1, logprobs: true, frequency_penalty: 1, stop: ['END', '\n'] },
      { supportedParameters: ['temperature', 'stop', 'seed', 'logprobs'] },
    );
    expect(body).toEqual(expect.objectContaining({ temperature: 0.3, stop_sequences: ['END'] }));
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model', 'stop_sequences', 'temperature']);
    expect([...dropped].sort()).toEqual(['frequency_penalty', 'logprobs', 'seed', 'stop', 'top_k']);
  });

  it('keeps within its scale of temperatures and sends no top_p beside one', () => {
    const { body, dropped } = render({ temperature: 1.7, top_p: 0.5 });
    expect(body).toMatchObject({ temperature: 1 });
    expect(body).not.toHaveProperty('top_p');
    expect(dropped).toEqual(['top_p']);
  });

  it('never tells who the user is', () => {
    const { body } = render({ user: 'mail@example.org' });
    expect(JSON.stringify(body)).not.toContain('example.org');
    expect(body['metadata']).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  it('never sends what only the gateway understands', () => {
    const { body } = render({
      ...bodyOf(),
      provider: { order: ['a'] },
      plugins: [],
      session_id: 's',
      metadata: { a: 'b' },
      novelty: 1,
    });
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model']);
  });
});
