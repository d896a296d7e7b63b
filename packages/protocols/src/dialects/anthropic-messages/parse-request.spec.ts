import { GatewayError } from '@switchyard/contracts';
import { endpointOf } from '../../testing/builders.js';
import { dialectOf, renderUpstream } from '../../index.js';
import { tagOf } from '../common/reasoning-tag.js';

const parseRequest = (body: unknown) => dialectOf('anthropic-messages').parseRequest(body);
const bodyOf = (fields: Record<string, unknown> = {}) => ({
  model: 'author/model',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello' }],
  ...fields,
});
const turn = (role: string, content: unknown) => bodyOf({ messages: [{ role, content }] });

describe('the body of POST /messages', () => {
  it('counts what only Anthropic reads, which is paid for there', () => {
    const result = {
      type: 'web_search_tool_result',
      tool_use_id: 's1',
      content: [{ encrypted_content: 'ü'.repeat(500) }],
    };
    const search = { type: 'web_search_20250305', name: 'web_search' };
    const messages = [
      { role: 'user', content: 'Search' },
      { role: 'assistant', content: [{ type: 'text', text: 'Found.' }, result] },
      { role: 'user', content: [{ type: 'text', text: 'And?' }] },
    ];
    const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    expect(parseRequest(bodyOf({ messages })).unreadBytes).toBe(bytes(result));
    expect(parseRequest(bodyOf({ messages, tools: [search] })).unreadBytes).toBe(bytes(result) + bytes(search));
    expect(parseRequest(bodyOf({ tools: [{ name: 'f', input_schema: {} }] }))).not.toHaveProperty('unreadBytes');
  });

  it('becomes the canonical request', () => {
    const request = parseRequest(
      bodyOf({
        models: ['other/model', 'author/model'],
        provider: { order: ['anthropic'] },
        session_id: 's1',
        system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        stream: true,
        temperature: 0.5,
        top_k: 3,
        stop_sequences: ['END'],
        tools: [
          {
            name: 'find',
            description: 'finds',
            input_schema: { type: 'object', properties: { q: { type: 'string' } } },
          },
          { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
        ],
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
        thinking: { type: 'enabled', budget_tokens: 2048 },
        metadata: { user_id: 'u1' },
        speed: 'fast',
        context_management: { edits: [] },
      }),
    );
    expect(request).toMatchObject({
      models: ['author/model', 'other/model'],
      stream: true,
      maxTokens: 100,
      temperature: 0.5,
      topK: 3,
      stop: ['END'],
      tools: [{ name: 'find', description: 'finds' }],
      toolChoice: 'required',
      parallelToolCalls: false,
      webSearchOptions: {},
      reasoning: { enabled: true, maxTokens: 2048 },
      user: 'u1',
      serviceTier: 'fast',
      sessionId: 's1',
      provider: { order: ['anthropic'], allowFallbacks: true },
      extra: { context_management: { edits: [] } },
    });
    expect(request.messages[0]).toEqual({
      role: 'system',
      content: [{ type: 'text', text: 'Be brief.', cacheControl: { ttl: '1h' } }],
    });
    expect([...request.parameters].sort()).toEqual([
      'max_tokens',
      'parallel_tool_calls',
      'reasoning',
      'stop',
      'temperature',
      'tool_choice',
      'tools',
      'top_k',
      'web_search_options',
    ]);
  });

  it('reads every kind of block, results of tools before what the user says', () => {
    const { messages } = parseRequest(
      bodyOf({
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
              { type: 'redacted_thinking', data: 'cmVk' },
              { type: 'text', text: 'I look.' },
              { type: 'tool_use', id: 't1', name: 'find', input: { q: 'x' } },
              { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'and?' },
              {
                type: 'tool_result',
                tool_use_id: 't1',
                is_error: true,
                content: [
                  { type: 'text', text: 'no' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
                ],
              },
              { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'doc' } },
              { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
              {
                type: 'image',
                source: { type: 'url', url: 'https://x.test/a.png' },
                cache_control: { type: 'ephemeral' },
              },
            ],
          },
        ],
      }),
    );
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'I look.' }],
        toolCalls: [{ id: 't1', name: 'find', arguments: '{"q":"x"}' }],
        reasoning: [
          { type: 'reasoning.text', text: 'hm', signature: 'c2ln', format: 'anthropic-claude-v1' },
          { type: 'reasoning.encrypted', data: 'cmVk', format: 'anthropic-claude-v1' },
        ],
      },
      {
        role: 'tool',
        toolCallId: 't1',
        isError: true,
        content: [
          { type: 'text', text: 'no' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'and?' },
          { type: 'text', text: 'T\n\ndoc' },
          { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' } },
          { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' }, cacheControl: {} },
        ],
      },
    ]);
  });

  it('gives wrapped reasoning back to its maker as it was', () => {
    const gemini = {
      type: 'reasoning.encrypted' as const,
      data: 'Z2Vt',
      id: 't1',
      index: 0,
      format: 'google-gemini-v1',
    };
    const openai = { type: 'reasoning.text' as const, text: '', signature: 'c2ln', format: 'openai-responses-v1' };
    const request = parseRequest(
      turn('assistant', [
        { type: 'redacted_thinking', data: tagOf(gemini) },
        { type: 'thinking', thinking: 'seen', signature: tagOf(openai) },
        { type: 'redacted_thinking', data: 'sy1.broken' },
      ]),
    );
    expect(request.messages[0]).toMatchObject({
      reasoning: [gemini, { ...openai, text: 'seen' }, { type: 'reasoning.encrypted', data: 'sy1.broken' }],
    });
  });

  it('takes fallbacks of Anthropic for a list of models', () => {
    expect(parseRequest(bodyOf({ fallbacks: [{ model: 'b/c' }] })).models).toEqual(['author/model', 'b/c']);
  });

  it.each([
    ['four fallbacks', { fallbacks: Array.from({ length: 4 }, () => ({ model: 'm' })) }, 'fallbacks'],
    ['a fallback with more fields', { fallbacks: [{ model: 'm', max_tokens: 1 }] }, 'fallbacks[0]'],
    ['fallbacks and models', { fallbacks: [{ model: 'm' }], models: ['n'] }, 'fallbacks'],
    ['no messages', { messages: [] }, 'messages'],
    ['a role that nobody knows', { messages: [{ role: 'robot', content: 'x' }] }, 'messages[0]'],
    [
      'a block without its text',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'messages[0].content[0].text',
    ],
    [
      'a block that nobody knows',
      { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] },
      'messages[0].content[0]',
    ],
    [
      'input that is no object',
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: 'x' }] }] },
      'messages[0].content[0].input',
    ],
    [
      'an image from a file of the server',
      {
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } }] }],
      },
      'messages[0].content[0].source.url',
    ],
    ['max_tokens 0', { max_tokens: 0 }, 'max_tokens'],
    ['text for stream', { stream: 'true' }, 'stream'],
    ['a budget below one', { thinking: { type: 'enabled', budget_tokens: 0 } }, 'thinking.budget_tokens'],
  ])('refuses %s and names the place', (_, fields, place) => {
    let fault: unknown;
    try {
      parseRequest(bodyOf(fields));
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(GatewayError);
    expect((fault as GatewayError).message).toContain(`${place}:`.replace(/:$/, ''));
    expect(dialectOf('anthropic-messages').renderError(fault as GatewayError)).toMatchObject({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error', metadata: { code: 'invalid_request' } } },
    });
  });
});

describe('the same format upstream', () => {
  const send = (body: Record<string, unknown>, endpoint = endpointOf()) =>
    renderUpstream(parseRequest(body), body, 'anthropic-messages', 'anthropic-messages', { endpoint });

  it('keeps what nobody here knows, and drops what only the gateway means', () => {
    const { body, path } = send(
      bodyOf({
        models: ['x/y'],
        provider: {},
        session_id: 's',
        user: 'u',
        context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', some_new_field: 1 }] }],
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      }),
    );
    expect(path).toBe('/messages');
    expect(body).toMatchObject({
      model: 'upstream-model',
      max_tokens: 100,
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', some_new_field: 1 }] }],
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    });
    for (const field of ['models', 'provider', 'session_id', 'user']) expect(body).not.toHaveProperty(field);
    expect(JSON.stringify(body)).not.toContain('"u"');
  });

  it('never shows Claude the thoughts of others, and its own byte for byte', () => {
    const own = { type: 'thinking', thinking: 'mine', signature: 'c2ln' };
    const { body } = send(
      turn('assistant', [
        own,
        { type: 'thinking', thinking: 'unsigned', signature: '' },
        {
          type: 'thinking',
          thinking: 'other',
          signature: tagOf({ type: 'reasoning.text', text: '', signature: 'x', format: 'google-gemini-v1' }),
        },
        {
          type: 'redacted_thinking',
          data: tagOf({ type: 'reasoning.encrypted', data: 'x', format: 'openai-responses-v1' }),
        },
        { type: 'redacted_thinking', data: 'mine too' },
        { type: 'text', text: 'hello' },
      ]),
    );
    expect((body['messages'] as { content: unknown }[])[0]!.content).toEqual([
      own,
      { type: 'redacted_thinking', data: 'mine too' },
      { type: 'text', text: 'hello' },
    ]);
  });

  it('leaves out what the endpoint cannot take, and reports it', () => {
    const { body, dropped } = send(
      bodyOf({ temperature: 0.2, top_k: 5 }),
      endpointOf({ supportedParameters: ['max_tokens'] }),
    );
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_k');
    expect([...dropped].sort()).toEqual(['temperature', 'top_k']);
  });
});
