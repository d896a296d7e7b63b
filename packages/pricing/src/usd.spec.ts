import { blendedPricePicos, priceFromUsd, priceToUsd } from './usd.js';

describe('prices in dollars', () => {
  it('go in and come out as they were', () => {
    const fields = { prompt: '0.0000025', completion: '0.00001', input_cache_read: '0.00000125', web_search: '0.01' };
    expect(priceToUsd(priceFromUsd(fields, 'v1'))).toEqual(fields);
  });

  it('keep discount and override rows, with clock times as minutes', () => {
    const overrides: Record<string, string | number>[] = [
      { min_prompt_tokens: 200_000, prompt: '0.000005' },
      { utc_start: 1630, utc_end: 30, completion: '0.000005' },
    ];
    const price = priceFromUsd({ prompt: '0.0000025', completion: '0.00001' }, 'v1', { discount: 0.25, overrides });
    expect(price.discountPpm).toBe(250_000);
    expect(price.overrides?.[1]).toEqual({ utcStartMinute: 990, utcEndMinute: 30, completion: 5_000_000n });
    expect(priceToUsd(price)).toEqual({ prompt: '0.0000025', completion: '0.00001', discount: 0.25, overrides });
  });

  it('keep service tiers with their override rows', () => {
    const fields = { prompt: '0.000005', completion: '0.00003', input_audio_cache: '0.0000001' };
    const overrides = [{ min_prompt_tokens: 272_000, prompt: '0.00002' }];
    const price = priceFromUsd(fields, 'v1', {
      serviceTiers: {
        flex: { units: { prompt: '0.0000025', completion: '0.000015' } },
        priority: { units: { prompt: '0.00001' }, overrides },
      },
    });
    expect(price.serviceTiers?.priority).toEqual({
      prompt: 10_000_000n,
      overrides: [{ minPromptTokens: 272_000, prompt: 20_000_000n }],
    });
    expect(priceToUsd(price)).toEqual({
      ...fields,
      service_tiers: {
        flex: { prompt: '0.0000025', completion: '0.000015' },
        priority: { prompt: '0.00001', overrides },
      },
    });
  });

  it('refuse a tier whose price is none', () => {
    const tier = (prompt: string) => ({ serviceTiers: { flex: { units: { prompt } } } });
    for (const wrong of ['-1', '1e30', ''])
      expect(() => priceFromUsd({ prompt: '1', completion: '1' }, 'v1', tier(wrong))).toThrow(RangeError);
  });

  it('round a price finer than a pico-dollar up', () => {
    const price = priceFromUsd({ prompt: '0.00000008333333333333334', completion: '0' }, 'v1');
    expect([price.prompt, price.completion]).toEqual([83_334n, 0n]);
  });

  it.each(['-1', '1e-6', '', ' 1', 'NaN', '1e30', '0x1', '1234567890'])('refuse %j', (prompt) => {
    expect(() => priceFromUsd({ prompt, completion: '0' }, 'v1')).toThrow(RangeError);
  });

  it('refuse a price list without prompt or completion', () => {
    expect(() => priceFromUsd({ prompt: '0' }, 'v1')).toThrow('completion');
  });

  it('blend three parts prompt with one part completion', () => {
    expect(blendedPricePicos({ version: 'v1', prompt: 1_000n, completion: 5_000n })).toBe(2_000n);
  });
});
