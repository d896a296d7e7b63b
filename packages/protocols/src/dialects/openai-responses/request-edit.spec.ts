import type { CatalogueEndpoint } from '@switchyard/contracts';
import { dialectOf, renderUpstream } from '../../index.js';
import { hashedUser } from '../../privacy.js';
import { endpointOf } from '../../testing/builders.js';
import type { UpstreamRequest } from '../../types.js';
import { tagOf } from '../common/reasoning-tag.js';

type Json = Record<string, unknown>;
function edit(fields: Json, endpoint: Partial<CatalogueEndpoint> = {}, reasoningField?: string): UpstreamRequest {
  const body: Json = { model: 'author/model', input: 'Hello', ...fields };
  const request = dialectOf('openai-responses').parseRequest(body);
  const target = {
    endpoint: endpointOf({ provider: 'openai', ...endpoint }),
    ...(reasoningField && { reasoningField }),
  };
  return renderUpstream(request, body, 'openai-responses', 'openai-responses', target);
}
const bodyOf = (fields: Json, endpoint?: Partial<CatalogueEndpoint>, field?: string) =>
  edit(fields, endpoint, field).body;

describe("a client's own request to the Responses API", () => {
  it('stays what it was, but for what is decided here', () => {
    const own = {
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi', novelty: 1 }] }],
      instructions: 'Be brief.',
      truncation: 'auto',
      max_tool_calls: 3,
      text: { format: { type: 'json_schema', name: 'n', schema: {}, hint: 'x' }, verbosity: 'low' },
      prompt_cache_retention: '24h',
    };
    expect(bodyOf(own)).toEqual({
      ...own,
      model: 'upstream-model',
      include: ['reasoning.encrypted_content'],
      store: false,
    });
  });

  it('leaves out what only the gateway understands, and who the user is', () => {
    const body = bodyOf({
      models: ['a/b'],
      provider: { sort: 'price' },
      plugins: [],
      session_id: 's',
      modalities: ['text'],
      store: true,
      previous_response_id: 'gen-1',
      user: 'someone',
      metadata: { a: 'b' },
    });
    expect(Object.keys(body).toSorted()).toEqual(['include', 'input', 'model', 'safety_identifier', 'store']);
    expect(body['safety_identifier']).toBe(hashedUser('someone'));
    expect(body['store']).toBe(false);
  });

  it('drops what the endpoint cannot take and says so', () => {
    const fields = {
      temperature: 1,
      reasoning: { effort: 'high', summary: 'auto' },
      top_logprobs: 2,
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      text: { verbosity: 'low', format: { type: 'text' } },
      tools: [{ type: 'function', name: 'f', parameters: {} }],
      tool_choice: 'auto',
    };
    const { body, dropped } = edit(fields, { supportedParameters: ['max_tokens'] });
    expect(body).toEqual({ model: 'upstream-model', input: 'Hello', store: false, text: { format: { type: 'text' } } });
    expect(dropped.toSorted()).toEqual(
      ['logprobs', 'reasoning', 'temperature', 'tools', 'top_logprobs', 'verbosity'].toSorted(),
    );
  });

  it('takes the effort that the model knows, and keeps other wishes about reasoning', () => {
    const endpoint = { reasoning: { efforts: ['high', 'low'], mandatory: true } as never };
    const reasoning = { effort: 'xhigh', exclude: true, summary: 'detailed', generate_summary: 'auto' };
    expect(bodyOf({ reasoning }, endpoint)['reasoning']).toEqual({
      effort: 'high',
      summary: 'detailed',
      generate_summary: 'auto',
    });
    expect(bodyOf({ reasoning: { effort: 'low' } }, endpoint)['reasoning']).toEqual({ effort: 'low' });
  });

  it('gives encrypted reasoning to its maker only', () => {
    const item = (encrypted: string | null) => ({
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      encrypted_content: encrypted,
    });
    const tagged = tagOf({ type: 'reasoning.encrypted', data: 'xai==', id: 'rs_1', format: 'xai-responses-v1' });
    const input = [{ role: 'user', content: 'Hi' }, item('gAAA=='), item(tagged), item(null)];
    const thoughts = (provider: string, field?: string) =>
      (bodyOf({ input }, { provider }, field)['input'] as Json[]).slice(1);
    expect(thoughts('openai')).toEqual([item('gAAA==')]);
    expect(thoughts('xai')).toEqual([item('xai==')]);
    expect(thoughts('azure')).toEqual([]);
    expect(thoughts('deepseek', 'reasoning_content')).toEqual([item(null)]);
  });

  it('drops ids that OpenAI would refuse, and roles that others do not know', () => {
    const input = [
      { role: 'developer', content: 'Be brief.' },
      { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
      { type: 'function_call', id: 'd3b07384', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    ];
    const [, , call] = input;
    const { id: _id, ...nameless } = call as Json;
    expect(bodyOf({ input })['input']).toEqual([input[0], input[1], nameless, input[3]]);
    expect(bodyOf({ input }, { provider: 'xai' })['input']).toMatchObject([{ role: 'system' }, {}, {}, {}]);
  });

  it('keeps tools that the client runs itself, and drops those that nobody could be charged for', () => {
    const tools = [
      { type: 'web_search', search_context_size: 'low' },
      { type: 'custom', name: 'c' },
      { type: 'shell', environment: { type: 'local' } },
      { type: 'mcp', server_label: 'x', server_url: 'https://example.org' },
      { type: 'shell', environment: { type: 'container_auto' } },
      { type: 'code_interpreter', container: { type: 'auto' } },
      { type: 'file_search', vector_store_ids: ['vs_1'] },
      { type: 'image_generation' },
    ];
    const { body, dropped } = edit({ tools, tool_choice: { type: 'web_search' } });
    expect(body).toMatchObject({ tools: tools.slice(0, 3), tool_choice: { type: 'web_search' } });
    expect((body['tools'] as unknown[]).length).toBe(3);
    expect(dropped).toEqual([
      'tools.mcp',
      'tools.shell',
      'tools.code_interpreter',
      'tools.file_search',
      'tools.image_generation',
    ]);
    const painter = { outputModalities: ['text', 'image'] };
    expect(bodyOf({ tools: [tools[7]] }, painter)['tools']).toEqual([tools[7]]);
    expect(edit({ tools: [tools[0]] }, { supportedParameters: [] })).toMatchObject({ dropped: ['web_search_options'] });
    expect(bodyOf({ tools: [tools[0]] }, { supportedParameters: [] })).not.toHaveProperty('tools');
  });
});
