import fc from 'fast-check';
import { usdNumber } from '@switchyard/contracts';
import { CreateKeyBody, DepositBody, usdAmount } from './key-bodies.js';

describe('an amount of US dollars', () => {
  it('is the same nano-dollars as a number and as text', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999_999_999_999n), (nanos) => {
        expect(usdAmount.parse(usdNumber(nanos))).toBe(nanos);
      }),
    );
    expect(usdAmount.parse('10')).toBe(10_000_000_000n);
    expect(usdAmount.parse(1e-9)).toBe(1n);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e30, 0.0000000001, '1e3', '', '1,5', ' 1', '0x10', null, true])(
    'is never %s',
    (value) => expect(usdAmount.safeParse(value).success).toBe(false),
  );
});

describe('text that is kept as it was sent', () => {
  it.each(['a\0b', '\ud800', 'x\udc00'])('is refused with characters that cannot be stored: %j', (text) => {
    const deposit = { amount: 1, external_id: 'order-1' };
    expect(CreateKeyBody.safeParse({ name: text }).success).toBe(false);
    expect(CreateKeyBody.safeParse({ name: 'x', creator_user_id: text }).success).toBe(false);
    expect(CreateKeyBody.safeParse({ name: 'x', external_user: text }).success).toBe(false);
    expect(DepositBody.safeParse({ ...deposit, external_id: text }).success).toBe(false);
    expect(DepositBody.safeParse({ ...deposit, note: text }).success).toBe(false);
    expect(DepositBody.safeParse({ ...deposit, note: '👩‍👧 é' }).success).toBe(true);
  });
});
