import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { renderRequest } from './request.js';

const render = (fields: Record<string, unknown> = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) });

describe('reasoning for Anthropic', () => {
  const adaptive = {
    reasoning: { mandatory: false, efforts: ['max', 'high', 'medium', 'low'], defaultEffort: null, maxTokens: false },
  };
  const budget = (fields: Record<string, unknown>, endpoint: Partial<CatalogueEndpoint> = {}) => {
    const { body, dropped } = render(fields, endpoint);
    return {
      thinking: body['thinking'],
      effort: (body['output_config'] as { effort?: string } | undefined)?.effort,
      dropped,
    };
  };

  it.each([
    ['max', 9500],
    ['xhigh', 9500],
    ['high', 8000],
    ['medium', 5000],
    ['low', 2000],
    ['minimal', 1024],
  ])('effort %s is a budget of %i tokens of 10000', (effort, tokens) => {
    expect(budget({ max_tokens: 10_000, reasoning: { effort } }).thinking).toEqual({
      type: 'enabled',
      budget_tokens: tokens,
    });
  });

  it('stays below max_tokens and 128000, and thinks at least 1024', () => {
    expect(budget({ max_tokens: 2000, reasoning: { max_tokens: 5000 } }).thinking).toMatchObject({
      budget_tokens: 1999,
    });
    expect(budget({ max_tokens: 500_000, reasoning: { effort: 'high' } }).thinking).toMatchObject({
      budget_tokens: 128_000,
    });
    expect(budget({ max_tokens: 5000, reasoning: { max_tokens: 10 } }).thinking).toMatchObject({ budget_tokens: 1024 });
    expect(budget({ max_tokens: 1000, reasoning: { effort: 'high' } })).toMatchObject({
      thinking: undefined,
      dropped: ['reasoning'],
    });
  });

  it('is an effort for models that list efforts, the nearest that they have', () => {
    expect(budget({ reasoning: { effort: 'xhigh' } }, adaptive)).toMatchObject({
      thinking: { type: 'adaptive' },
      effort: 'max',
    });
    expect(budget({ reasoning: { effort: 'minimal' } }, adaptive)).toMatchObject({ effort: 'low' });
    expect(budget({ max_tokens: 10_000, reasoning: { max_tokens: 5000 } }, adaptive)).toMatchObject({
      effort: 'medium',
    });
    expect(budget({ reasoning: { enabled: true } }, adaptive)).toMatchObject({ effort: 'medium' });
  });

  it('can be switched off, unless the model always thinks', () => {
    expect(budget({ reasoning: { enabled: false } }).thinking).toEqual({ type: 'disabled' });
    expect(
      budget({ reasoning: { effort: 'none' } }, { reasoning: { ...adaptive.reasoning, mandatory: true } }).thinking,
    ).toBeUndefined();
  });

  it('gives way to a forced tool and to a prefill', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(budget({ tools, tool_choice: 'required', reasoning: { effort: 'high' } }).dropped).toEqual(['reasoning']);
    const prefill = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y' },
    ];
    expect(budget({ messages: prefill, reasoning: { effort: 'high' } }).dropped).toEqual(['reasoning']);
  });

  it('takes no sampling parameters along', () => {
    const { body, dropped } = render({ temperature: 0.2, top_p: 0.9, top_k: 3, reasoning: { effort: 'high' } });
    expect(body).not.toHaveProperty('temperature');
    expect(dropped).toEqual(['temperature', 'top_p', 'top_k']);
  });

  it('reaches no endpoint that does not list it', () => {
    expect(budget({ reasoning: { effort: 'high' } }, { supportedParameters: [] })).toMatchObject({
      thinking: undefined,
      dropped: ['reasoning'],
    });
  });
});
