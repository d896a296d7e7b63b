import { usageOf, type Price } from '@switchyard/contracts';
import fc from 'fast-check';
import { costOf } from './cost.js';
import { chargeNanos, dueNanos, repriceUsage } from './due.js';
import * as arbitraries from './testing/arbitraries.js';

const FIVE_PERCENT = { feePpm: 50_000 };
const price: Price = { version: 'v1', prompt: 2_500n, completion: 10_000n };

describe('what is owed for a cost', () => {
  it('is the whole of it, and with an own key the fee, each rounded up once', () => {
    expect(dueNanos(1_000_001n, null)).toBe(1_001n);
    expect(dueNanos(1_000_000n, FIVE_PERCENT)).toBe(50n);
    expect(dueNanos(1_000_001n, FIVE_PERCENT)).toBe(51n);
    expect(dueNanos(1n, FIVE_PERCENT)).toBe(1n);
    expect([dueNanos(1_000n, { feePpm: 0 }), dueNanos(0n, FIVE_PERCENT), dueNanos(0n, null)]).toEqual([0n, 0n, 0n]);
  });

  it('with an own key is never more than without, and rounds up the exact fraction', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.nat(1_000_000), (picos, feePpm) => {
        const due = dueNanos(picos, { feePpm });
        const exact = picos * BigInt(feePpm);
        expect(due * 1_000_000_000n >= exact).toBe(true);
        expect((due - 1n) * 1_000_000_000n < exact).toBe(true);
        expect(due <= dueNanos(picos, null)).toBe(true);
      }),
    );
  });

  it('is charged up to the bound and no further', () => {
    expect(chargeNanos(5_000n, { ownKey: null, boundNanos: 5n })).toBe(5n);
    expect(chargeNanos(5_001n, { ownKey: null, boundNanos: 5n })).toBe(5n);
    expect(chargeNanos(5_001n, { ownKey: FIVE_PERCENT, boundNanos: 5n })).toBe(1n);
  });
});

describe('repricing', () => {
  it('gives the cost of a usage again at its own price, and another at another', () => {
    fc.assert(
      fc.property(arbitraries.usage, arbitraries.price, arbitraries.admittedAtMs, (usage, own, admittedAtMs) => {
        const event = { usage, admittedAtMs, ownKey: null };
        const { picos, nanos } = costOf(usage, own, admittedAtMs);
        expect(repriceUsage(event, own)).toMatchObject({ picos, nanos, dueNanos: nanos });
      }),
      { numRuns: 200 },
    );
    const event = { usage: usageOf({ source: 'reported', inputTokens: 4 }), admittedAtMs: 0, ownKey: FIVE_PERCENT };
    expect(repriceUsage(event, price)).toMatchObject({ picos: 10_000n, nanos: 10n, dueNanos: 1n });
    expect(repriceUsage(event, { ...price, prompt: 250_000n })).toMatchObject({ nanos: 1_000n, dueNanos: 50n });
  });
});
