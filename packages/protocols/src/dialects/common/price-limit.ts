/** A decimal with an optional exponent, which `String(number)` writes for what is very small or large. */
const DECIMAL = /^(\d{1,24})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** A dollar has 10^12 pico-dollars; one per million tokens is therefore 10^6 per token. */
export const PICOS_SCALE = { perUnit: 12, perMillion: 6 } as const;

/**
 * A price limit of `provider.max_price`, US dollars as a number or as a decimal string (spec 2.4), in pico-USD per unit, without
 * a detour over floating point. What is finer than a pico-dollar is cut off: whole prices compare with the rest as with the limit.
 * Undefined for what is negative or no decimal.
 */
export function priceLimitPicos(usd: number | string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(String(usd));
  if (!match) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const shift = scale + Number(exponent) - fraction.length;
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
}
