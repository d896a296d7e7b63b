import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { renderRequest } from './request.js';

const render = (fields: Record<string, unknown>, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });

describe('web search at Anthropic', () => {
  it('is the tool that Anthropic runs itself, a few times at most', () => {
    expect(render({ web_search_options: {} }).body['tools']).toEqual([
      { type: 'web_search_20250305', name: 'web_search', max_uses: 5 },
    ]);
    for (const [size, max_uses] of [
      ['low', 3],
      ['medium', 5],
      ['high', 10],
    ] as const)
      expect(render({ web_search_options: { search_context_size: size } }).body['tools']).toMatchObject([{ max_uses }]);
  });

  it('knows roughly where the user is, however that is said', () => {
    const place = { city: 'Köln', country: 'DE', timezone: 'Europe/Berlin' };
    for (const user_location of [
      { type: 'approximate', ...place },
      { type: 'approximate', approximate: place },
    ])
      expect(render({ web_search_options: { user_location } }).body['tools']).toMatchObject([
        { user_location: { type: 'approximate', ...place } },
      ]);
  });

  it('stands beside the tools of the caller', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(render({ tools, web_search_options: {} }).body['tools']).toMatchObject([
      { name: 'f' },
      { name: 'web_search' },
    ]);
  });

  it('gives way to a tool of the caller that has its name', () => {
    const tools = [{ type: 'function', function: { name: 'web_search' } }];
    const { body, dropped } = render({ tools, web_search_options: {} });
    expect(body['tools']).toEqual([{ name: 'web_search', input_schema: { type: 'object' } }]);
    expect(dropped).toEqual(['web_search_options']);
  });

  it('is not asked of an endpoint that has no price for it', () => {
    const { body, dropped } = render({ web_search_options: {} }, { supportedParameters: ['tools'] });
    expect(body).not.toHaveProperty('tools');
    expect(dropped).toEqual(['web_search_options']);
  });
});
