import { differences, gathered, median, percentile, ratios, summary } from './statistics.js';

describe('statistics of rounds', () => {
  it('take the value that so many lie below', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([51, 100, 100]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('do not depend on the order in which rounds came', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(summary([30, 10, 20])).toEqual({ median: 20, low: 10, high: 30 });
  });

  it('compare round by round, as far as both have them', () => {
    expect(ratios([100, 50, 7], [50, 100])).toEqual([2, 0.5]);
    expect(differences([5, 3, 9], [1, 4])).toEqual([4, -1]);
  });

  it('sort the values of many lists as numbers', () => {
    expect([...gathered([[100, 9], [], [20]])]).toEqual([9, 20, 100]);
  });
});
