import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf } from '../../testing/builders.js';
import { editRequest } from './request-edit.js';
import { parseRequest } from './parse-request.js';

const edit = (fields: Record<string, unknown>, endpoint: Partial<CatalogueEndpoint> = {}) => {
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }], ...fields };
  return editRequest(parseRequest(body), body, { endpoint: endpointOf(endpoint) });
};
const search = { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['example.org'] };

describe('the body of a client of Anthropic for Anthropic', () => {
  it('keeps its search as it is, but never more searches than are held for', () => {
    expect(edit({ tools: [search] }).body['tools']).toEqual([{ ...search, max_uses: 10 }]);
    expect(edit({ tools: [{ ...search, max_uses: 3 }] }).body['tools']).toEqual([{ ...search, max_uses: 3 }]);
    expect(edit({ tools: [{ ...search, max_uses: 99 }] }).body['tools']).toEqual([{ ...search, max_uses: 10 }]);
  });

  it('searches nowhere where a search has no price', () => {
    const { body, dropped } = edit(
      { tools: [search], tool_choice: { type: 'auto' } },
      { supportedParameters: ['tools', 'tool_choice'] },
    );
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
    expect(dropped).toEqual(['web_search_options']);
  });

  it('keeps tools that the client runs in a form of Anthropic’s, and the choice of one', () => {
    const fields = {
      tools: [{ type: 'bash_20250124', name: 'bash' }],
      tool_choice: { type: 'tool', name: 'bash', disable_parallel_tool_use: true },
    };
    expect(edit(fields).body).toMatchObject(fields);
  });

  it('keeps documents with citations, pictures in results and blocks of server tools to the byte', () => {
    const messages = [
      {
        role: 'user',
        content: [
          {
            type: 'document',
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
            title: 'a',
            citations: { enabled: true },
          },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [{ type: 'web_search_result', url: 'u' }] },
          { type: 'tool_use', id: 't', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
          },
        ],
      },
    ];
    expect(edit({ messages }).body['messages']).toEqual(messages);
  });
});
