import type { CatalogueEndpoint, CompletionRequest, RoutedRequest } from '@switchyard/contracts';
import { dialectOf } from './registry.js';
import { renderUpstream } from './render-upstream.js';
import { asRouted, isRewritten } from './routed-request.js';

const endpoint: CatalogueEndpoint = {
  id: 'openai:acme/large',
  modelId: 'acme/large',
  provider: 'openai',
  providerName: 'OpenAI',
  tag: 'openai',
  upstreamModel: 'large',
  contextLength: 100_000,
  maxCompletionTokens: null,
  maxPromptTokens: null,
  quantization: 'unknown',
  inputModalities: ['text'],
  outputModalities: ['text'],
  supportedParameters: ['reasoning', 'web_search_options', 'max_tokens'],
  supportsImplicitCaching: false,
  reasoning: { mandatory: false, efforts: ['low', 'medium', 'high'], defaultEffort: null, maxTokens: false },
  dataPolicy: null,
  price: { version: 'v1', prompt: 1n, completion: 1n, serviceTiers: { flex: { prompt: 1n } } },
};

const chat = { model: 'acme/large', messages: [{ role: 'user', content: 'hi' }] };
const responses = { model: 'acme/large', input: 'hi', tools: [{ type: 'file_search', vector_store_ids: ['v'] }] };

function sent(body: Record<string, unknown>, routed: RoutedRequest, dialect: 'openai-chat' | 'openai-responses') {
  const request: CompletionRequest = asRouted(dialectOf(dialect).parseRequest(body), routed);
  return renderUpstream(request, isRewritten(routed) ? null : body, dialect, dialect, { endpoint }).body;
}

describe('a request as it was routed', () => {
  it('asks for the tier that was chosen, whatever the client asked for', () => {
    expect(sent({ ...chat, service_tier: 'priority' }, { serviceTier: 'flex' }, 'openai-chat')['service_tier']).toBe(
      'flex',
    );
    expect(sent({ ...responses, service_tier: 'flex' }, { serviceTier: null }, 'openai-responses')).not.toHaveProperty(
      'service_tier',
    );
    expect(sent({ ...chat, service_tier: 'flex' }, {}, 'openai-chat')['service_tier']).toBe('flex');
  });

  it('searches the web although the client’s body does not say so, in every format', () => {
    const webSearch = { search_context_size: 'low' };
    expect(sent(chat, { webSearch }, 'openai-chat')['web_search_options']).toEqual(webSearch);
    expect(sent(responses, { webSearch }, 'openai-responses')['tools']).toContainEqual({
      type: 'web_search',
      search_context_size: 'low',
    });
    const own = { ...chat, web_search_options: { search_context_size: 'high' } };
    expect(sent(own, { webSearch }, 'openai-chat')['web_search_options']).toEqual({ search_context_size: 'high' });
  });

  it('reasons where the client does not say otherwise', () => {
    const parse = (body: object): CompletionRequest => dialectOf('openai-chat').parseRequest({ ...chat, ...body });
    expect(asRouted(parse({}), { reasoning: true })).toMatchObject({
      reasoning: { enabled: true },
      parameters: ['reasoning'],
    });
    expect(asRouted(parse({ reasoning: { exclude: true } }), { reasoning: true }).reasoning).toEqual({
      exclude: true,
      enabled: true,
    });
    const silent = parse({ reasoning: { effort: 'none' } });
    expect(asRouted(silent, { reasoning: true }).reasoning).toEqual({ effort: 'none' });
    expect(sent(responses, { reasoning: true }, 'openai-responses')['reasoning']).toMatchObject({ effort: 'medium' });
  });
});
