import { usageOf } from '@switchyard/contracts';
import { renderUsage as renderMessages } from './anthropic-messages/render-usage.js';
import { renderUsage as renderGemini } from './gemini/render-usage.js';
import { renderUsage as renderChat } from './openai-chat/render-usage.js';
import { renderUsage as renderResponses } from './openai-responses/response-object.js';

const billing = {
  usage: usageOf({ source: 'reported', inputTokens: 4, cacheReadTokens: 2, cacheReadAudioTokens: 3, outputTokens: 6 }),
  costNanos: 50n,
  listCostNanos: 1_000n,
  promptCostNanos: 400n,
  completionCostNanos: 600n,
  isOwnKey: true,
};

describe('the usage of an answer that a key of the customer’s own served', () => {
  it.each([
    ['chat completions', renderChat, 'is_byok', 'cost_details', 'upstream_inference_cost'],
    ['messages', renderMessages, 'is_byok', 'cost_details', 'upstream_inference_cost'],
    ['responses', renderResponses, 'is_byok', 'cost_details', 'upstream_inference_cost'],
    ['generateContent', renderGemini, 'isByok', 'costDetails', 'upstreamInferenceCost'],
  ])('has the fee as cost and the list price beside it, in %s', (_, render, flag, details, upstream) => {
    const shown = render(billing);
    expect(shown).toMatchObject({ cost: 0.00000005, [flag]: true, [details]: { [upstream]: 0.000001 } });
    const { isOwnKey: _own, listCostNanos: _list, ...plain } = billing;
    expect(render(plain)).toMatchObject({ [flag]: false, [details]: { [upstream]: 0.00000005 } });
    expect(JSON.stringify(shown)).toMatch(/"(cached_tokens|cache_read_input_tokens|cachedContentTokenCount)":5/);
  });
});
