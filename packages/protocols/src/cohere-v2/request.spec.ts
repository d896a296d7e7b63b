import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { cohereV2 } from './index.js';

type Fields = Record<string, unknown>;
const render = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  cohereV2.renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });
const tool = (name: string, more: Fields = {}) => ({ type: 'function', function: { name, ...more } });
const withTools = (fields: Fields = {}) => render({ tools: [tool('weather'), tool('now')], ...fields }).body;
const withoutReasoning = {
  supportedParameters: endpointOf().supportedParameters.filter((name) => !/reasoning/.test(name)),
};

describe('a request in Cohere’s format', () => {
  it('is the smallest one', () => {
    expect(render()).toEqual({
      path: '/chat',
      headers: { 'content-type': 'application/json' },
      body: { model: 'upstream-model', messages: [{ role: 'user', content: 'Hello' }], stream: false },
      dropped: [],
    });
    expect(render({ stream: true }).body).toMatchObject({ stream: true });
  });

  it('calls parameters by its own names and keeps them within its scales', () => {
    const { body, dropped } = render({
      max_tokens: 9,
      temperature: 1.7,
      top_p: 1,
      top_k: 900,
      frequency_penalty: -1,
      presence_penalty: 1.5,
      seed: 7,
      logprobs: true,
    });
    expect(body).toMatchObject({
      max_tokens: 9,
      temperature: 1,
      p: 0.99,
      k: 500,
      frequency_penalty: 0,
      presence_penalty: 1,
      seed: 7,
      logprobs: true,
    });
    expect(dropped).toEqual([]);
  });

  it('stops at five sequences at most, and says so', () => {
    const stop = ['1', '2', '3', '4', '5', '6'];
    const request = { ...requestOf({ stop: '1' }), stop };
    expect(cohereV2.renderRequest(request, { endpoint: endpointOf() })).toMatchObject({
      body: { stop_sequences: stop.slice(0, 5) },
      dropped: ['stop'],
    });
  });

  it('says what it leaves out', () => {
    const { body, dropped } = render({
      min_p: 0.1,
      logit_bias: { '1': 2 },
      top_logprobs: 2,
      logprobs: true,
      repetition_penalty: 1.1,
      n: 2,
    });
    expect(dropped.toSorted()).toEqual(['logit_bias', 'min_p', 'n', 'repetition_penalty', 'top_logprobs']);
    expect(Object.keys(body).toSorted()).toEqual(['logprobs', 'messages', 'model', 'stream']);
  });

  it('keeps fields of its own that a client sends, and no others', () => {
    const own = { safety_mode: 'STRICT', citation_options: { mode: 'FAST' }, documents: ['A fact.'] };
    expect(render({ ...own, unheard_of: 1 }).body).toMatchObject(own);
    expect(render({ unheard_of: 1 }).body).not.toHaveProperty('unheard_of');
  });

  it('demands a tool in capitals, and a certain one by offering no other', () => {
    expect(withTools()).not.toHaveProperty('tool_choice');
    expect(withTools({ tool_choice: 'auto' })).not.toHaveProperty('tool_choice');
    expect(withTools({ tool_choice: 'none' })).toMatchObject({ tool_choice: 'NONE' });
    expect(withTools({ tool_choice: 'required' })).toMatchObject({ tool_choice: 'REQUIRED', tools: [{}, {}] });
    expect(withTools({ tool_choice: tool('now') })).toMatchObject({
      tool_choice: 'REQUIRED',
      tools: [{ type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }],
    });
  });

  it('is strict with tools where all of them are', () => {
    const strict = tool('a', { strict: true });
    expect(render({ tools: [strict, strict] }).body).toMatchObject({ strict_tools: true });
    expect(render({ tools: [strict, tool('b')] }).body).not.toHaveProperty('strict_tools');
  });

  it('asks for JSON with its schema, but not beside tools, where Cohere refuses it', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } } };
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    expect(render({ response_format: format }).body['response_format']).toEqual({
      type: 'json_object',
      json_schema: schema,
    });
    expect(render({ response_format: { type: 'json_object' } }).body['response_format']).toEqual({
      type: 'json_object',
    });
    const both = render({ response_format: format, tools: [tool('a')] });
    expect(both.body).not.toHaveProperty('response_format');
    expect(both.dropped).toEqual(['response_format']);
  });

  it('gives thinking a budget, and switches it off', () => {
    const thinking = (reasoning: Fields) => render({ reasoning, max_tokens: 1000 }).body['thinking'];
    expect(thinking({ effort: 'high' })).toEqual({ type: 'enabled', token_budget: 800 });
    expect(thinking({ max_tokens: 300 })).toEqual({ type: 'enabled', token_budget: 300 });
    expect(thinking({ enabled: false })).toEqual({ type: 'disabled' });
    const mandatory = { mandatory: true, efforts: [], defaultEffort: null, maxTokens: false };
    expect(render({ reasoning: { enabled: false } }, { reasoning: mandatory })).toMatchObject({
      dropped: ['reasoning'],
    });
  });
});

describe('messages in Cohere’s format', () => {
  const calls = [{ id: 'c1', type: 'function', function: { name: 'now', arguments: '' } }];
  const turns = (assistant: Fields) => [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'Time?', name: 'Ann' },
    { role: 'assistant', content: null, tool_calls: calls, ...assistant },
    { role: 'tool', tool_call_id: 'c1', content: 'Noon.' },
  ];
  const messagesOf = (assistant: Fields, endpoint: Partial<CatalogueEndpoint> = {}) =>
    render({ messages: turns(assistant) }, endpoint).body['messages'];
  const call = { id: 'c1', type: 'function', function: { name: 'now', arguments: '{}' } };

  it('have roles and contents only', () => {
    expect(messagesOf({})).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Time?' },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'Noon.' },
    ]);
  });

  it('return the plan beside its calls, or the thinking of a model that thinks', () => {
    expect(messagesOf({ reasoning: 'I will look.' }, withoutReasoning)).toContainEqual({
      role: 'assistant',
      tool_plan: 'I will look.',
      tool_calls: [call],
    });
    expect(messagesOf({ reasoning: 'I will look.', content: 'Hm.' })).toContainEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I will look.' },
        { type: 'text', text: 'Hm.' },
      ],
      tool_calls: [call],
    });
  });

  it('show pictures, those that a tool returned in a message of their own', () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    const picture = { type: 'image_url', image_url: { url } };
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'See' }, picture] },
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'Here' }, picture] },
    ];
    expect(render({ messages }).body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'See' }, picture] },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'Here' },
      { role: 'user', content: [picture] },
    ]);
  });

  it('leave files of text to the documents of the request', () => {
    const data = `data:text/plain;base64,${Buffer.from('Grüße').toString('base64')}`;
    const file = { type: 'file', file: { filename: 'a.txt', file_data: data } };
    const { body } = render({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Read' }, file] }] });
    expect(body).toMatchObject({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Read' }] }],
      documents: [{ data: { title: 'a.txt', text: 'Grüße' } }],
    });
  });
});
