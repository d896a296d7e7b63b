import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { renderRequest } from './request.js';
import { thinkingOf } from './thinking-ability.js';

const signed = { type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1' };
const toolLoop = (reasoning_details?: readonly object[]) => ({
  reasoning: { effort: 'high' },
  tools: [{ type: 'function', function: { name: 'f' } }],
  messages: [
    { role: 'user', content: 'go' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      ...(reasoning_details && { reasoning_details }),
    },
    { role: 'tool', tool_call_id: 'c', content: 'done' },
  ],
});
const render = (fields: Record<string, unknown>, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });

describe('how a Claude is told to think', () => {
  it.each([
    ['claude-3-7-sonnet-20250219', false, true],
    ['claude-sonnet-4-20250514', false, true],
    ['claude-opus-4-5', false, true],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', false, true],
    ['claude-haiku-4-5@20251001', false, true],
    ['claude-opus-4-6', true, true],
    ['claude-opus-4-7', true, false],
    ['anthropic.claude-sonnet-5-v1:0', true, false],
    ['claude-fable-5-2', true, false],
    ['my-deployment', false, true],
  ])('follows from the name %s where the catalogue is silent', (upstreamModel, takesEffort, takesBudget) => {
    const ability = thinkingOf(endpointOf({ upstreamModel, reasoning: null }));
    expect([ability.efforts.length > 0, ability.takesBudget]).toEqual([takesEffort, takesBudget]);
  });

  it('is what the catalogue says, whatever the name', () => {
    const reasoning = { mandatory: false, efforts: ['high', 'low'], defaultEffort: null, maxTokens: true };
    expect(thinkingOf(endpointOf({ upstreamModel: 'claude-opus-4-7', reasoning }))).toEqual({
      efforts: ['high', 'low'],
      takesBudget: true,
    });
  });

  it('knows the model of a deployment by what the catalogue calls it', () => {
    expect(thinkingOf(endpointOf({ upstreamModel: 'mine', modelId: 'anthropic/claude-opus-4.8' })).takesBudget).toBe(
      false,
    );
  });

  it('is not with a budget in the middle of a turn whose calls another model made', () => {
    for (const foreign of [undefined, [{ ...signed, format: 'google-gemini-v1' }], [{ ...signed, signature: null }]]) {
      const { body, dropped } = render(toolLoop(foreign));
      expect(body).not.toHaveProperty('thinking');
      expect(dropped).toEqual(['reasoning']);
    }
    expect(render(toolLoop([signed])).body['thinking']).toMatchObject({ type: 'enabled' });
  });

  it('is adaptive there, too, where the model thinks adaptively', () => {
    const { body } = render(toolLoop(), { upstreamModel: 'claude-opus-4-7' });
    expect(body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'high' } });
  });
});
