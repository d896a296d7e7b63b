import fc from 'fast-check';
import { Histogram } from './histogram.js';

const histogramOf = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};
const values = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('the histogram', () => {
  it('has no percentiles without values, and does not count what is none', () => {
    expect(histogramOf([]).percentiles()).toBeNull();
    expect(histogramOf([Number.NaN, -1]).percentiles()).toBeNull();
  });

  it('gives each percentile within 3 percent of the exact one', () => {
    fc.assert(
      fc.property(values, (some) => {
        const sorted = some.toSorted((left, right) => left - right);
        const exact = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
        const found = histogramOf(some).percentiles()!;
        for (const [share, value] of [
          [0.5, found.p50],
          [0.75, found.p75],
          [0.9, found.p90],
          [0.99, found.p99],
        ] as const)
          expect(Math.abs(value - exact(share))).toBeLessThanOrEqual(exact(share) * 0.03 + 0.001);
      }),
    );
  });

  it('merges to what one histogram of all values is, in any order', () => {
    fc.assert(
      fc.property(values, values, (some, others) => {
        const left = histogramOf(some);
        left.merge(histogramOf(others));
        const right = histogramOf(others);
        right.merge(histogramOf(some));
        expect(left.percentiles()).toEqual(histogramOf([...some, ...others]).percentiles());
        expect(right.percentiles()).toEqual(left.percentiles());
        expect(left.count).toBe(some.length + others.length);
      }),
    );
  });

  it('is the same after it was stored, and goes on merging', () => {
    fc.assert(
      fc.property(values, values, (some, others) => {
        const stored = Histogram.decode(JSON.parse(JSON.stringify(histogramOf(some).encode())) as number[]);
        expect(stored.count).toBe(some.length);
        stored.merge(histogramOf(others));
        expect(stored.percentiles()).toEqual(histogramOf([...some, ...others]).percentiles());
      }),
    );
  });

  it('stays in range for absurd values', () => {
    expect(histogramOf([0, 1e300, Number.POSITIVE_INFINITY]).percentiles()!.p50).toBeGreaterThan(1e8);
    expect(histogramOf([0]).percentiles()!.p99).toBe(0);
  });
});
