import { endpointOf, requestOf } from '../testing/builders.js';
import { protocolOf } from '../index.js';

const render = (header: string, protocol: 'anthropic-messages' | 'anthropic-bedrock' | 'anthropic-vertex') =>
  protocolOf(protocol).renderRequest(requestOf(), {
    endpoint: endpointOf(),
    clientHeaders: { 'anthropic-beta': header },
  });

describe('beta features that a client asks for', () => {
  const beta = 'interleaved-thinking-2025-05-14,structured-outputs-2025-11-13';

  it('reach Anthropic and Vertex in the header, Bedrock in the body', () => {
    for (const protocol of ['anthropic-messages', 'anthropic-vertex'] as const)
      expect(render(beta.replace(',', ' , '), protocol).headers['anthropic-beta']).toBe(beta);
    const bedrock = render(beta, 'anthropic-bedrock');
    expect(bedrock.headers).not.toHaveProperty('anthropic-beta');
    expect(bedrock.body['anthropic_beta']).toEqual(beta.split(','));
  });

  it.each([
    'files-api-2025-04-14',
    'mcp-client-2025-11-20',
    'fast-mode-2026-02-01',
    'context-1m-2025-08-07',
    'novelty',
  ])('stay behind when they concern more than the one request: %s', (name) => {
    const { headers, dropped } = render(`${name},effort-2025-11-24`, 'anthropic-messages');
    expect(headers['anthropic-beta']).toBe('effort-2025-11-24');
    expect(dropped).toEqual(['anthropic-beta']);
    expect(render(name, 'anthropic-messages').headers).not.toHaveProperty('anthropic-beta');
  });
});
