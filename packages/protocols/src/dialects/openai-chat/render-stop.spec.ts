import { GatewayError } from '@switchyard/contracts';
import { renderStop } from './render-stop.js';

const context = { generationId: 'gen-1', created: 1, model: 'acme/large', providerName: 'Acme' };

describe('an answer that the gateway ends', () => {
  it('met a limit, and says which in its choice and not at the top level, where clients would throw it away', () => {
    const reason = new GatewayError('insufficient_credits', { metadata: { reason: 'credits' } });
    const text = Buffer.from(renderStop(reason, context)).toString();
    expect(text).toMatch(/^data: .*\n\n$/);
    const chunk = JSON.parse(text.slice('data: '.length)) as Record<string, unknown>;
    expect(chunk).toMatchObject({
      id: 'gen-1',
      model: 'acme/large',
      choices: [{ index: 0, finish_reason: 'length', error: { code: 402, metadata: { reason: 'credits' } } }],
    });
    expect(chunk).not.toHaveProperty('error');
  });
});
