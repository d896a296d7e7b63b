import type { EndpointFacts } from './openrouter.ts';
import type { Pricing } from './pricing.ts';
import { emptyReport } from './report.ts';
import { withServiceTiers } from './service-tiers.ts';

const standard = { prompt: '0.000002', completion: '0.00001', input_cache_read: '0.0000002' };
const ROW = {
  input_cost_per_token: 2e-6,
  output_cost_per_token: 1e-5,
  input_cost_per_token_flex: 1e-6,
  output_cost_per_token_flex: 5e-6,
  cache_read_input_token_cost_flex: 1e-7,
};

function tiersOf(row: Record<string, number>, pricing: Pricing = standard, provider = 'openai') {
  const report = emptyReport();
  const endpoint = { provider, upstreamModel: 'm', pricing } as unknown as EndpointFacts;
  const [made] = withServiceTiers([endpoint], { m: row }, report);
  return { tiers: made?.pricing.service_tiers, reasons: report.dropped.map(({ reason }) => reason) };
}

describe('prices of service tiers', () => {
  it('come from the catalogue that has them, where it agrees with the standard price', () => {
    const flex = { prompt: '0.000001', completion: '0.000005', input_cache_read: '0.0000001' };
    expect(tiersOf(ROW)).toEqual({ tiers: { flex }, reasons: [] });
    expect(tiersOf({ ...ROW, output_cost_per_token: 2e-5 })).toEqual({ tiers: undefined, reasons: [] });
    expect(tiersOf(ROW, standard, 'groq')).toEqual({ tiers: undefined, reasons: [] });
  });

  it('are taken whole or not at all', () => {
    const { cache_read_input_token_cost_flex: _cached, ...row } = ROW;
    expect(tiersOf(row)).toEqual({
      tiers: undefined,
      reasons: ['service tier flex: cache_read_input_token_cost_flex is missing'],
    });
  });

  it('need a price for long prompts where the standard one has it', () => {
    const long = { ...standard, overrides: [{ min_prompt_tokens: 272_001, prompt: '0.000004' }] };
    expect(tiersOf(ROW, long).reasons).toEqual([
      'service tier flex: input_cost_per_token_above_272k_tokens_flex is missing',
    ]);
    expect(tiersOf({ ...ROW, input_cost_per_token_above_272k_tokens_flex: 2e-6 }, long).tiers?.flex).toMatchObject({
      overrides: [{ min_prompt_tokens: 272_001, prompt: '0.000002' }],
    });
  });

  it.each([
    ['a dearer flex', { ...ROW, input_cost_per_token_flex: 3e-6 }],
    ['a free flex', { ...ROW, output_cost_per_token_flex: 0 }],
    [
      'a cheaper priority',
      { input_cost_per_token: 2e-6, output_cost_per_token: 1e-5, input_cost_per_token_priority: 1e-6 },
    ],
    [
      'a priority of fifty times',
      { input_cost_per_token: 2e-6, output_cost_per_token: 1e-5, input_cost_per_token_priority: 1e-4 },
    ],
  ])('are not believed for %s', (_, row) => {
    expect(tiersOf(row)).toMatchObject({ tiers: undefined, reasons: [expect.stringContaining(' beside ')] });
  });
});
