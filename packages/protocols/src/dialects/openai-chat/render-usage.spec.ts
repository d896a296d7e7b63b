import { usageOf } from '@switchyard/contracts';
import { renderUsage } from './render-usage.js';

const parts = { promptCostNanos: 400n, completionCostNanos: 600n };
const usage = usageOf({
  source: 'reported',
  inputTokens: 4,
  cacheReadTokens: 2,
  cacheReadAudioTokens: 3,
  outputTokens: 6,
});

describe('the usage of the public API', () => {
  it('shows one figure as cost and as the cost of the provider', () => {
    expect(renderUsage({ usage, costNanos: 1_000n, ...parts })).toMatchObject({
      cost: 0.000001,
      is_byok: false,
      cost_details: {
        upstream_inference_cost: 0.000001,
        upstream_inference_prompt_cost: 0.0000004,
        upstream_inference_completions_cost: 0.0000006,
      },
    });
  });

  it('with an own key shows the fee as cost, and the list price as that of the provider', () => {
    const billing = { usage, costNanos: 50n, listCostNanos: 1_000n, isOwnKey: true, ...parts };
    expect(renderUsage(billing)).toMatchObject({
      cost: 0.00000005,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.000001 },
    });
  });

  it('above the bound shows what is charged', () => {
    expect(renderUsage({ usage, costNanos: 700n, listCostNanos: 1_000n, ...parts })).toMatchObject({
      cost: 0.0000007,
      is_byok: false,
      cost_details: { upstream_inference_cost: 0.000001 },
    });
  });

  it('counts cached audio among the cached tokens and the prompt', () => {
    expect(renderUsage({ usage, costNanos: 0n, ...parts })).toMatchObject({
      prompt_tokens: 9,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 5 },
    });
  });
});
