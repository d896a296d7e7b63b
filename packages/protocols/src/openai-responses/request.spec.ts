import type { CatalogueEndpoint } from '@switchyard/contracts';
import { protocolOf } from '../index.js';
import { hashedUser } from '../privacy.js';
import { endpointOf, requestOf } from '../testing/builders.js';
import type { UpstreamRequest } from '../types.js';

const REASONER: Partial<CatalogueEndpoint> = {
  provider: 'openai',
  reasoning: { efforts: ['high', 'medium', 'low', 'none'], mandatory: false } as never,
};
const render = (fields: Record<string, unknown>, endpoint: Partial<CatalogueEndpoint> = REASONER): UpstreamRequest =>
  protocolOf('openai-responses').renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });
const bodyOf = (fields: Record<string, unknown>, endpoint?: Partial<CatalogueEndpoint>) =>
  render(fields, endpoint).body;

describe('a request to the Responses API', () => {
  it('goes to /responses, stores nothing and asks for what the next turn needs', () => {
    expect(render({})).toEqual({
      path: '/responses',
      headers: { 'content-type': 'application/json' },
      dropped: [],
      body: {
        model: 'upstream-model',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
        include: ['reasoning.encrypted_content'],
        store: false,
      },
    });
  });

  it('asks nobody for reasoning who gives none away', () => {
    const supportedParameters = ['max_tokens'];
    expect(bodyOf({}, { provider: 'openai', supportedParameters })).not.toHaveProperty('include');
    expect(bodyOf({}, { provider: 'deepseek' })).not.toHaveProperty('include');
  });

  it('makes instructions of the system messages that open the conversation, and items of all others', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'system', content: 'Two.' },
      { role: 'developer', content: 'Three.' },
      { role: 'user', content: 'Hi' },
      { role: 'system', content: 'Four.' },
    ];
    const { instructions, input } = bodyOf({ messages });
    expect(instructions).toBe('One.\n\nTwo.');
    expect((input as { role: string }[]).map(({ role }) => role)).toEqual(['developer', 'user', 'system']);
    expect((bodyOf({ messages }, { provider: 'xai' })['input'] as { role: string }[])[0]?.role).toBe('system');
    const alone = bodyOf({ messages: [messages[0]] });
    expect(alone).toMatchObject({ input: [{ role: 'system' }] });
    expect(alone).not.toHaveProperty('instructions');
  });

  it('renders calls and their results as items that name each other', () => {
    const long = 'x'.repeat(80);
    const messages = [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [
          { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
          { id: long, type: 'function', function: { name: 'now', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_a', content: '15' },
      { role: 'tool', tool_call_id: long, content: [{ type: 'text', text: 'noon' }] },
    ];
    const input = bodyOf({ messages })['input'] as Record<string, unknown>[];
    expect(input.slice(1, 3)).toEqual([
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Looking.' }] },
      { type: 'function_call', call_id: 'call_a', name: 'weather', arguments: '{"city":"Köln"}' },
    ]);
    expect(input[3]).toMatchObject({ type: 'function_call', name: 'now', arguments: '{}' });
    expect(input[4]).toEqual({ type: 'function_call_output', call_id: 'call_a', output: '15' });
    expect(input[5]).toMatchObject({ type: 'function_call_output', output: 'noon', call_id: input[3]!['call_id'] });
    expect((input[3]!['call_id'] as string).length).toBeLessThanOrEqual(64);
  });

  it('shows pictures, files and sound, also as the result of a tool', () => {
    const data = 'data:application/pdf;base64,JVBERg==';
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
          { type: 'file', file: { file_data: data } },
          { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        ],
      },
    ];
    expect(bodyOf({ messages })['input']).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', detail: 'low', image_url: 'https://example.org/a.png' },
          { type: 'input_file', filename: 'file.pdf', file_data: data },
          { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        ],
      },
    ]);
  });

  it('has flat tools that are strict only when they say so', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const body = bodyOf({
      tools: [
        { type: 'function', function: { name: 'weather', description: 'd', parameters, strict: true } },
        { type: 'function', function: { name: 'now' } },
      ],
      tool_choice: { type: 'function', function: { name: 'now' } },
      parallel_tool_calls: false,
    });
    expect(body).toMatchObject({ tool_choice: { type: 'function', name: 'now' }, parallel_tool_calls: false });
    expect(body['tools']).toEqual([
      { type: 'function', name: 'weather', description: 'd', parameters, strict: true },
      { type: 'function', name: 'now', parameters: { type: 'object', properties: {} }, strict: false },
    ]);
  });

  it('moves format, verbosity, logprobs, search and limits to their places', () => {
    const schema = { type: 'object', properties: {} };
    expect(
      bodyOf({
        max_tokens: 99,
        temperature: 0.5,
        top_p: 0.9,
        logprobs: true,
        top_logprobs: 2,
        verbosity: 'low',
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
        web_search_options: {
          search_context_size: 'low',
          user_location: { type: 'approximate', approximate: { country: 'DE' } },
        },
        prompt_cache_key: 'k',
        user: 'someone',
        stream: true,
      }),
    ).toMatchObject({
      stream: true,
      max_output_tokens: 99,
      temperature: 0.5,
      top_p: 0.9,
      top_logprobs: 2,
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema, strict: true } },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      tools: [
        { type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', country: 'DE' } },
      ],
      prompt_cache_key: 'k',
      safety_identifier: hashedUser('someone'),
    });
    expect(bodyOf({ response_format: { type: 'json_object' } })).toMatchObject({
      text: { format: { type: 'json_object' } },
    });
  });

  it('reports what the format has no place for', () => {
    const { dropped, body } = render({ stop: ['x'], seed: 1, top_k: 3, n: 2, frequency_penalty: 1 });
    expect(dropped.toSorted()).toEqual(['frequency_penalty', 'n', 'seed', 'stop', 'top_k']);
    for (const field of ['stop', 'seed', 'top_k', 'n', 'frequency_penalty']) expect(body).not.toHaveProperty(field);
  });

  it('asks for a summary where reasoning was asked for and is not hidden', () => {
    expect(bodyOf({ reasoning: { effort: 'high' } })).toMatchObject({ reasoning: { effort: 'high', summary: 'auto' } });
    expect(bodyOf({ reasoning: { effort: 'high', exclude: true } })['reasoning']).toEqual({ effort: 'high' });
    expect(bodyOf({ reasoning: { effort: 'none' } })['reasoning']).toEqual({ effort: 'none' });
    expect(bodyOf({ reasoning: { effort: 'low', summary: 'detailed' } })['reasoning']).toEqual({
      effort: 'low',
      summary: 'detailed',
    });
    expect(bodyOf({})).not.toHaveProperty('reasoning');
  });

  it('asks for a tier only where its price is known', () => {
    expect(render({ service_tier: 'flex' })).toMatchObject({ dropped: ['service_tier'] });
    const price = { version: '1', prompt: 2n, completion: 2n, serviceTiers: { flex: { prompt: 1n, completion: 1n } } };
    expect(bodyOf({ service_tier: 'flex' }, { ...REASONER, price })['service_tier']).toBe('flex');
  });

  it('asks for pictures only where the endpoint makes them', () => {
    const wish = { modalities: ['text', 'image'] };
    expect(bodyOf(wish)).not.toHaveProperty('tools');
    expect(bodyOf(wish, { ...REASONER, outputModalities: ['text', 'image'] })['tools']).toEqual([
      { type: 'image_generation' },
    ]);
  });
});
