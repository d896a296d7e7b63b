import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { cut } from '../testing/chunks.js';
import { collectStream } from '../testing/collect.js';
import { ollama } from './index.js';

type Fields = Record<string, unknown>;
const render = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  ollama.renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });
const tool = (name: string) => ({ type: 'function', function: { name } });

describe('a request in Ollama’s format', () => {
  it('is the smallest one, and says that it does not stream, because otherwise it would', () => {
    expect(render()).toEqual({
      path: '/chat',
      headers: { 'content-type': 'application/json' },
      body: { model: 'upstream-model', messages: [{ role: 'user', content: 'Hello' }], stream: false },
      dropped: [],
    });
  });

  it('has its parameters in options, beside those that only Ollama knows', () => {
    const { body, dropped } = render({
      max_tokens: 9,
      temperature: 0.5,
      repetition_penalty: 1.1,
      seed: 7,
      stop: 'END',
      logit_bias: { '1': 1 },
      options: { num_ctx: 8192, seed: 1 },
      keep_alive: '10m',
    });
    expect(body).toMatchObject({
      options: { num_ctx: 8192, num_predict: 9, temperature: 0.5, repeat_penalty: 1.1, seed: 7, stop: ['END'] },
      keep_alive: '10m',
    });
    expect(dropped).toEqual(['logit_bias']);
  });

  it('thinks by level where a model has levels, else yes or no', () => {
    const levels = { mandatory: false, efforts: ['high', 'medium', 'low'], defaultEffort: null, maxTokens: false };
    expect(render({ reasoning: { effort: 'xhigh' } }, { reasoning: levels }).body['think']).toBe('high');
    expect(render({ reasoning: { effort: 'low' } }).body['think']).toBe(true);
    expect(render({ reasoning: { enabled: false } }).body['think']).toBe(false);
  });

  it('asks for JSON by its schema alone', () => {
    const schema = { type: 'object' };
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    expect(render({ response_format: format }).body['format']).toEqual(schema);
    expect(render({ response_format: { type: 'json_object' } }).body['format']).toBe('json');
  });

  it('offers no tools where none may be called, and owns up where one is demanded', () => {
    const tools = [tool('weather'), tool('now')];
    expect(render({ tools, tool_choice: 'none' }).body).not.toHaveProperty('tools');
    expect(render({ tools, tool_choice: 'required' })).toMatchObject({ dropped: ['tool_choice'] });
    expect(render({ tools, tool_choice: tool('now') })).toMatchObject({
      body: { tools: [{ function: { name: 'now' } }] },
      dropped: ['tool_choice'],
    });
  });

  it('shows pictures as bytes, arguments as objects and results by the name of their tool', () => {
    const call = (id: string, text: string) => ({ id, type: 'function', function: { name: 'now', arguments: text } });
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image_url', image_url: { url } },
        ],
      },
      {
        role: 'assistant',
        content: 'Hm.',
        reasoning: 'Let me look.',
        tool_calls: [call('c1', '{"a":1}'), call('c2', '{broken')],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'Noon.' },
    ];
    expect(render({ messages }).body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'See', images: ['iVBORw0KGgo='] },
      {
        role: 'assistant',
        content: 'Hm.',
        thinking: 'Let me look.',
        tool_calls: [
          { id: 'c1', function: { name: 'now', arguments: { a: 1 } } },
          { id: 'c2', function: { name: 'now', arguments: { invalid_arguments: '{broken' } } },
        ],
      },
      { role: 'tool', content: 'Noon.', tool_name: 'now', tool_call_id: 'c1' },
    ]);
  });
});

describe('an answer of Ollama', () => {
  const line = (fields: Fields): string =>
    `${JSON.stringify({ model: 'm', created_at: '2026-01-02T03:04:05.6Z', ...fields })}\n`;

  it('gives calls ids where the server gave none, the same ones for the same answer', async () => {
    const call = { function: { name: 'now', arguments: {} } };
    const bytes = Buffer.from(
      line({ message: { content: '', tool_calls: [call, { ...call, id: 'own' }] }, done: false }) +
        line({ message: { content: '' }, done: true, done_reason: 'stop' }),
    );
    const ids = [];
    for await (const event of ollama.parseStream(cut(bytes, [4])))
      if (event.type === 'tool-call-start') ids.push(event.id);
    expect(ids).toEqual(['call_202601020304056_0', 'own']);
  });

  it('of the old completions is read as well', async () => {
    const bytes = Buffer.from(
      line({ response: 'Hi', done: false }) + line({ response: '', done: true, done_reason: 'length', eval_count: 1 }),
    );
    expect(await collectStream(ollama.parseStream(cut(bytes, [bytes.length])))).toMatchObject({
      text: 'Hi',
      finish: 'length',
      promptTokens: 0,
      completionTokens: 1,
    });
  });

  it('is complete with the object that says so, and never before', () => {
    const reader = ollama.createStreamReader();
    const frame = (fields: Fields) => ({ event: undefined, data: line(fields), partial: false });
    reader.read(frame({ message: { content: 'Hi' }, done: false }));
    expect(reader).toMatchObject({ terminal: false, done: false });
    reader.read(frame({ message: { content: '' }, done: true }));
    expect(reader).toMatchObject({ terminal: true, done: true });
    expect(reader.read(frame({ message: { content: 'more' }, done: false }))).toEqual([]);
  });

  it('that is not done is none', () => {
    const body = { model: 'm', message: { content: 'Half' }, done: false };
    expect(ollama.parseResponse(body)).toMatchObject([
      { type: 'error', failure: { code: 'upstream_invalid_response' } },
    ]);
  });
});
