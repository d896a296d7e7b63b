import fc from 'fast-check';
import { z } from 'zod';
import { ceilToNanos, formatPrice, formatUsd, nanos, parsePricePicos, parseUsdNanos, usdNumber } from './money.js';

describe('money', () => {
  it('reads prices per unit as they are published', () => {
    expect(parsePricePicos('0.0000025')).toBe(2_500_000n);
    expect(parsePricePicos('0.0000000028')).toBe(2_800n);
    expect(parsePricePicos('0')).toBe(0n);
  });

  it.each(['', '1e-6', '.5', '1.', 'NaN', '0x10', ' 1', '1 ', '١', '0.0000000000001'])(
    'refuses %j rather than rounding or guessing',
    (text) => {
      expect(() => parsePricePicos(text)).toThrow(RangeError);
    },
  );

  it('keeps every amount over text and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (amount) => {
        expect(parseUsdNanos(formatUsd(amount))).toBe(amount);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (price) => {
        expect(parsePricePicos(formatPrice(price))).toBe(price);
      }),
    );
  });

  it('prints up to 15 significant digits exactly as a JSON number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), (amount) => {
        const json = JSON.stringify(usdNumber(amount));
        // A number below 10^-6 prints with an exponent, so both are compared as decimals.
        expect(Number(json).toFixed(9)).toBe(
          `${amount / 1_000_000_000n}.${(amount % 1_000_000_000n).toString().padStart(9, '0')}`,
        );
      }),
    );
  });

  it('rounds a cost up, by less than one nano-dollar', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (costPicos) => {
        const rounded = ceilToNanos(costPicos) * 1_000n;
        expect(rounded >= costPicos && rounded - costPicos < 1_000n).toBe(true);
      }),
    );
  });

  it('travels as a decimal string, beyond what a double could hold', () => {
    const amount = 9_007_199_254_740_993n;
    expect(z.encode(nanos, amount)).toBe('9007199254740993');
    expect(nanos.parse('9007199254740993')).toBe(amount);
    expect(nanos.safeParse('-1').success).toBe(false);
    expect(nanos.safeParse(5).success).toBe(false);
  });
});
