import type { CatalogueEndpoint } from '@switchyard/contracts';
import { bodyOf, endpointOf, requestOf } from '../testing/builders.js';
import { protocolOf, renderUpstream } from '../index.js';
import type { RenderTarget } from '../types.js';

type Fields = Record<string, unknown>;

const edit = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}, target: Partial<RenderTarget> = {}) =>
  renderUpstream(requestOf(fields), bodyOf(fields), 'openai-chat', 'openai-chat', {
    endpoint: endpointOf(endpoint),
    ...target,
  });
const canonical = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  protocolOf('openai-chat').renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });

describe('a request in OpenAI’s format', () => {
  it('is the smallest one, and asks for usage when it streams', () => {
    for (const render of [edit, canonical]) {
      expect(render()).toMatchObject({ path: '/chat/completions', dropped: [] });
      expect(render().body).toEqual({ model: 'upstream-model', messages: [{ role: 'user', content: 'Hello' }] });
      expect(render({ stream: true, stream_options: { include_usage: false } }).body).toMatchObject({
        stream: true,
        stream_options: { include_usage: true },
      });
    }
  });

  it('sends every parameter unchanged to an endpoint that lists it', () => {
    const parameters = {
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      top_a: 0.2,
      frequency_penalty: -1,
      presence_penalty: 1,
      repetition_penalty: 1.1,
      seed: 7,
      logit_bias: { '1': -100 },
      logprobs: true,
      top_logprobs: 3,
      stop: ['a', 'b'],
      verbosity: 'low',
      web_search_options: { search_context_size: 'low' },
      prediction: { type: 'content', content: 'x' },
      n: 2,
    };
    for (const render of [edit, canonical]) expect(render(parameters).body).toMatchObject(parameters);
  });

  it('asks for a service tier only where its price is known', () => {
    const price = { version: 'v1', prompt: 1n, completion: 1n };
    const priced = { price: { ...price, serviceTiers: { priority: { prompt: 2n, completion: 2n } } } };
    const sent = (service_tier: string, endpoint: Partial<CatalogueEndpoint> = {}) =>
      [edit, canonical].map((render) => {
        const { body, dropped } = render({ service_tier }, endpoint);
        return [body['service_tier'], dropped];
      });
    const both = (tier: unknown, dropped: readonly string[]) => [
      [tier, dropped],
      [tier, dropped],
    ];
    expect(sent('priority', priced)).toEqual(both('priority', []));
    expect(sent('fast', priced)).toEqual(both('priority', []));
    expect(sent('flex', priced)).toEqual(both(undefined, ['service_tier']));
    expect(sent('flex', { tag: 'provider/flex' })).toEqual(both('flex', []));
    expect(sent('default')).toEqual(both('default', []));
    expect(sent('auto')).toEqual(both('auto', []));
  });

  it('drops what the endpoint does not list, and says so', () => {
    const parameters = {
      temperature: 1,
      top_k: 4,
      reasoning: { effort: 'high' },
      tools: [{ type: 'function', function: { name: 'f' } }],
    };
    for (const render of [edit, canonical]) {
      const { body, dropped } = render(parameters, { supportedParameters: ['temperature'] });
      expect(Object.keys(body).sort()).toEqual(['messages', 'model', 'temperature']);
      expect([...dropped].sort()).toEqual(['reasoning', 'tools', 'top_k']);
    }
  });

  it('uses the new name of max_tokens where only that is listed', () => {
    expect(edit({ max_tokens: 9 }, { supportedParameters: ['max_completion_tokens'] }).body).toMatchObject({
      max_completion_tokens: 9,
    });
    // Two limits in one body would let the provider choose the larger one.
    const both = edit({ max_tokens: 9, max_completion_tokens: 7 }).body;
    expect([both['max_tokens'], both['max_completion_tokens']]).toEqual([7, undefined]);
  });

  it('keeps unknown fields, at the top and inside, but nothing that is the gateway’s', () => {
    const fields = {
      novelty: { a: 1 },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x', mood: 1 }], novelty: 2 }],
      tools: [{ type: 'function', function: { name: 'f', novelty: 3 } }],
      provider: { order: ['a'] },
      models: ['b/c'],
      plugins: [],
      route: 'fallback',
      transforms: [],
      session_id: 's',
      trace: {},
      metadata: { a: 'b' },
      usage: { include: true },
      debug: {},
    };
    const { body } = edit(fields);
    expect(body).toMatchObject({ novelty: { a: 1 }, messages: fields.messages, tools: fields.tools });
    expect(Object.keys(body).sort()).toEqual(['messages', 'model', 'novelty', 'tools']);
  });

  it.each([
    ['high', [], 'high'],
    ['max', [], 'high'],
    ['minimal', [], 'low'],
    ['minimal', ['minimal', 'high'], 'minimal'],
    ['xhigh', ['xhigh', 'high'], 'xhigh'],
    ['none', ['none', 'low'], 'none'],
  ])('effort %s with %j becomes %s', (effort, efforts, expected) => {
    const endpoint = { reasoning: { mandatory: false, efforts, defaultEffort: null, maxTokens: false } };
    expect(edit({ reasoning: { effort } }, endpoint).body['reasoning_effort']).toBe(expected);
    expect(edit({ reasoning: { effort } }, endpoint).body).not.toHaveProperty('reasoning');
  });

  it('turns a budget into the nearest effort', () => {
    const effortOf = (max_tokens: number) =>
      edit({ max_tokens: 10_000, reasoning: { max_tokens } }).body['reasoning_effort'];
    expect([500, 2500, 5500, 8500].map(effortOf)).toEqual(['low', 'low', 'medium', 'high']);
  });

  it('reports that reasoning cannot be switched off here', () => {
    expect(edit({ reasoning: { enabled: false } })).toMatchObject({ dropped: ['reasoning'] });
  });

  it('says system to providers that do not know developer', () => {
    const fields = {
      messages: [
        { role: 'developer', content: 'A' },
        { role: 'user', content: 'x' },
      ],
    };
    for (const render of [edit, canonical]) {
      expect(render(fields).body['messages']).toMatchObject([{ role: 'system' }, {}]);
      expect(render(fields, { provider: 'openai' }).body['messages']).toMatchObject([{ role: 'developer' }, {}]);
    }
  });

  it('leaves reasoning of earlier turns out, or gives it back in the field that the provider names', () => {
    const turn = {
      role: 'assistant',
      content: 'y',
      reasoning: 'hm',
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', format: 'unknown' },
        { type: 'reasoning.text', text: 'foreign', signature: 's', format: 'anthropic-claude-v1' },
      ],
      annotations: [],
      images: [],
    };
    const fields = { messages: [{ role: 'user', content: 'x' }, turn, { role: 'user', content: 'z' }] };
    expect((edit(fields).body['messages'] as unknown[])[1]).toEqual({ role: 'assistant', content: 'y' });
    expect((canonical(fields).body['messages'] as unknown[])[1]).toEqual({ role: 'assistant', content: 'y' });
    expect((edit(fields, {}, { reasoningField: 'reasoning_content' }).body['messages'] as unknown[])[1]).toEqual({
      role: 'assistant',
      content: 'y',
      reasoning_content: 'hm',
    });
  });

  it('takes cache hints out', () => {
    const cache = { cache_control: { type: 'ephemeral' } };
    const { body } = edit({
      ...cache,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x', ...cache }] }],
      tools: [{ type: 'function', function: { name: 'f', ...cache }, ...cache }],
    });
    expect(JSON.stringify(body)).not.toContain('cache_control');
  });

  it('puts pictures of a tool into a user message after the last result', () => {
    const url = 'data:image/png;base64,AAAA';
    const { body } = edit({
      messages: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
            { id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
          ],
        },
        {
          role: 'tool',
          tool_call_id: 'a',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image_url', image_url: { url } },
          ],
        },
        { role: 'tool', tool_call_id: 'b', content: 'done' },
      ],
    });
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'see' },
      { role: 'tool', tool_call_id: 'b', content: 'done' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
    ]);
  });

  it('renders every part anew from the canonical form', () => {
    const content = [
      { type: 'text', text: 'x' },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB', filename: 'a.pdf' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'video_url', video_url: { url: 'https://x.test/v.mp4' } },
    ];
    expect(canonical({ messages: [{ role: 'user', content }] }).body['messages']).toEqual([{ role: 'user', content }]);
  });

  it('never tells who the user is', () => {
    for (const render of [edit, canonical])
      expect(render({ user: 'me@x.test' }).body['user']).toMatch(/^[0-9a-f]{32}$/);
  });
});
