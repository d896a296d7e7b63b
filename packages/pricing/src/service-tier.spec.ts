import type { Price } from '@switchyard/contracts';
import { pinnedPrice } from './service-tier.js';

const standard: Price = { version: 'v1', prompt: 1_000n, completion: 2_000n };
const tiered: Price = { ...standard, serviceTiers: { flex: { prompt: 500n }, priority: { prompt: 2_000n } } };

describe('the price that a generation is pinned to', () => {
  it.each([
    ['priority', { priority: { prompt: 2_000n } }],
    ['fast', { priority: { prompt: 2_000n } }],
    ['flex', { flex: { prompt: 500n } }],
  ])('has the tier that %s asks for, and the version that it came from', (asked, serviceTiers) => {
    expect(pinnedPrice(tiered, asked)).toEqual({ ...standard, serviceTiers });
  });

  it.each([undefined, 'auto', 'default', 'standard', 'scale', ''])('has no tier for %j', (asked) => {
    expect(pinnedPrice(tiered, asked)).toEqual(standard);
  });

  it('is the standard one where the price book has none for the tier', () => {
    expect(pinnedPrice(standard, 'priority')).toBe(standard);
    expect(pinnedPrice({ ...standard, serviceTiers: { flex: { prompt: 1n } } }, 'priority')).toEqual(standard);
  });
});
