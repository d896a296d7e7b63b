import { usageOf, type Price } from '@switchyard/contracts';
import fc from 'fast-check';
import { costOf, withInputImages } from './cost.js';
import * as arbitraries from './testing/arbitraries.js';
import { oracleCost, roundedUp } from './testing/oracle.js';

const NOON = Date.UTC(2026, 10, 22, 12, 0);
const base: Price = { version: 'v1', prompt: 2_500_000n, completion: 10_000_000n };

describe('the cost of a usage', () => {
  it('equals an exact rational computation, rounded up once', () => {
    fc.assert(
      fc.property(arbitraries.usage, arbitraries.price, arbitraries.admittedAtMs, (usage, price, at) => {
        const cost = costOf(usage, price, at);
        const exact = oracleCost(usage, price, at);
        expect(cost.picos).toBe(roundedUp(exact, 1n));
        expect(cost.nanos).toBe(roundedUp(exact, 1_000n));
      }),
      { numRuns: 2_000 },
    );
  });

  it('splits into buckets that sum to the whole', () => {
    fc.assert(
      fc.property(arbitraries.usage, arbitraries.price, arbitraries.admittedAtMs, (usage, price, at) => {
        const { buckets, picos } = costOf(usage, price, at);
        expect(Object.values(buckets).reduce((sum, bucket) => sum + bucket, 0n)).toBe(picos);
        expect(Object.values(buckets).every((bucket) => bucket >= 0n)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('rounds a thousandth of a nano-dollar up to one, and nothing to nothing', () => {
    const tiny: Price = { version: 'v1', prompt: 1n, completion: 0n };
    expect(costOf(usageOf({ source: 'reported', inputTokens: 1 }), tiny, NOON).nanos).toBe(1n);
    expect(costOf(usageOf({ source: 'none' }), tiny, NOON)).toEqual({ picos: 0n, nanos: 0n, buckets: {} });
  });

  it('charges cached tokens their own price, and the prompt price without one', () => {
    const usage = usageOf({ source: 'reported', cacheReadTokens: 1_000 });
    expect(costOf(usage, base, NOON).nanos).toBe(2_500_000n);
    expect(costOf(usage, { ...base, cacheRead: 250_000n }, NOON).nanos).toBe(250_000n);
    expect(costOf(usage, { ...base, cacheRead: 0n }, NOON).nanos).toBe(0n);
  });

  it('takes the row of the longest prompt that applies, from its first token on', () => {
    const tiered: Price = {
      ...base,
      overrides: [
        { minPromptTokens: 200_000, prompt: 5_000_000n },
        { minPromptTokens: 100_000, prompt: 3_000_000n },
      ],
    };
    const perToken = (inputTokens: number) =>
      costOf(usageOf({ source: 'reported', inputTokens }), tiered, NOON).picos / BigInt(inputTokens);
    expect([99_999, 100_000, 199_999, 200_000].map(perToken)).toEqual([2_500_000n, 3_000_000n, 3_000_000n, 5_000_000n]);
  });

  it('takes an off-peak row by the UTC minute of admission, also round midnight', () => {
    const offPeak: Price = { ...base, overrides: [{ utcStartMinute: 990, utcEndMinute: 30, prompt: 1_000_000n }] };
    const at = (hours: number, minutes: number) =>
      costOf(usageOf({ source: 'reported', inputTokens: 1 }), offPeak, Date.UTC(2026, 0, 1, hours, minutes)).picos;
    expect([at(16, 29), at(16, 30), at(23, 59), at(0, 29), at(0, 30)]).toEqual([
      2_500_000n,
      1_000_000n,
      1_000_000n,
      1_000_000n,
      2_500_000n,
    ]);
  });

  it('holds beyond the exact range of numbers', () => {
    const dear: Price = { version: 'v1', prompt: 9_007_199_254_740_993n, completion: 0n };
    expect(costOf(usageOf({ source: 'reported', inputTokens: 3 }), dear, NOON).picos).toBe(27_021_597_764_222_979n);
  });

  it('charges an image once: by its tokens where they are reported, else as a whole', () => {
    const byPiece: Price = { ...base, imageToken: 1_000n, image: 7_000_000n };
    const cost = (tokens: number, images: number) =>
      costOf(usageOf({ source: 'reported', imageInputTokens: tokens, inputImages: images }), byPiece, NOON).buckets;
    expect(cost(258, 2)).toEqual({ imageInputTokens: 258_000n });
    expect(cost(0, 2)).toEqual({ inputImages: 14_000_000n });
  });

  it('counts images only where some row of the price asks for them', () => {
    const reported = usageOf({ source: 'reported', inputTokens: 5 });
    const rows: Price[] = [
      { ...base, image: 1n },
      { ...base, overrides: [{ minPromptTokens: 9, image: 1n }] },
      { ...base, serviceTiers: { flex: { image: 1n } } },
      { ...base, serviceTiers: { flex: { overrides: [{ image: 1n }] } } },
    ];
    for (const price of rows) expect(withInputImages(reported, price, 3).inputImages).toBe(3);
    expect(withInputImages(reported, base, 3)).toBe(reported);
    expect(withInputImages(reported, rows[0]!, 0)).toBe(reported);
  });

  it('charges cached audio its own price, else that of the cache, else that of the prompt', () => {
    const usage = usageOf({ source: 'reported', cacheReadAudioTokens: 1_000 });
    expect(costOf(usage, base, NOON).nanos).toBe(2_500_000n);
    expect(costOf(usage, { ...base, cacheRead: 30_000n }, NOON).nanos).toBe(30_000n);
    expect(costOf(usage, { ...base, cacheRead: 30_000n, audioCacheRead: 100_000n }, NOON).nanos).toBe(100_000n);
  });

  it('takes the prices of the tier that served, its own long-context rows included, and the others from the price', () => {
    const tiered: Price = {
      ...base,
      cacheRead: 1_000_000n,
      overrides: [{ minPromptTokens: 10, prompt: 3_000_000n, completion: 12_000_000n }],
      serviceTiers: { priority: { prompt: 5_000_000n, overrides: [{ minPromptTokens: 20, prompt: 8_000_000n }] } },
    };
    const buckets = (inputTokens: number, serviceTier?: 'flex' | 'priority') =>
      costOf(
        usageOf({ source: 'reported', inputTokens, cacheReadTokens: 1, outputTokens: 1, serviceTier }),
        tiered,
        NOON,
      ).buckets;
    expect(buckets(1, 'priority')).toEqual({
      inputTokens: 5_000_000n,
      cacheReadTokens: 1_000_000n,
      outputTokens: 10_000_000n,
    });
    expect(buckets(10, 'priority')).toMatchObject({ inputTokens: 50_000_000n, outputTokens: 12_000_000n });
    expect(buckets(20, 'priority')).toMatchObject({ inputTokens: 160_000_000n });
    expect(buckets(1, 'flex')).toEqual(buckets(1));
  });
});
