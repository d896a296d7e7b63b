import { z } from 'zod';

/**
 * Money is `bigint` everywhere in code: nano-USD (`…Nanos`) in accounts and transfers, pico-USD (`…Picos`) in unit prices and
 * unrounded costs. On the wire it is a decimal string, because JSON numbers are exact only to 2^53.
 */
export const NANOS_PER_USD = 1_000_000_000n;
export const PICOS_PER_USD = 1_000_000_000_000n;
export const PICOS_PER_NANO = 1_000n;

/** The largest amount one transfer may carry: 10^18 nUSD, a billion dollars. */
export const MAX_TRANSFER_NANOS = 1_000_000_000_000_000_000n;

const integerCodec = (pattern: RegExp) =>
  z.codec(z.string().regex(pattern), z.bigint(), {
    decode: (text) => BigInt(text),
    encode: (amount) => amount.toString(),
  });

/** nano-USD, zero or more. */
export const nanos = integerCodec(/^\d{1,19}$/);
/** nano-USD with a sign. */
export const signedNanos = integerCodec(/^-?\d{1,19}$/);
/** pico-USD, zero or more; wide enough for `numeric(38,0)`. */
export const picos = integerCodec(/^\d{1,38}$/);

const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,30}))?$/;

/**
 * Parses a decimal string of US dollars into an integer of the given scale (digits after the point).
 * @throws RangeError when the text is not a plain decimal or has more significant digits than the scale holds: money is never rounded on the way in.
 */
export function parseUsd(text: string, scale: 9 | 12): bigint {
  const match = DECIMAL.exec(text);
  if (!match) throw new RangeError(`not a decimal amount of US dollars: ${JSON.stringify(text.slice(0, 40))}`);
  const [, sign, whole = '0', fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > scale) throw new RangeError(`${text} has more than ${scale} decimal places`);
  const magnitude = BigInt(whole + significant.padEnd(scale, '0'));
  return sign ? -magnitude : magnitude;
}

/** A unit price as providers publish it, US dollars per token, image or request, in pico-USD: `"0.0000025"` is `2_500_000n`. */
export const parsePricePicos = (usdPerUnit: string): bigint => parseUsd(usdPerUnit, 12);

/** A dollar amount in nano-USD: `"10"` is `10_000_000_000n`. */
export const parseUsdNanos = (usd: string): bigint => parseUsd(usd, 9);

function formatScaled(amount: bigint, scale: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -scale)}${fraction && `.${fraction}`}`;
}

/** nano-USD as a decimal string of dollars without trailing zeros: `1n` is `"0.000000001"`. */
export const formatUsd = (amountNanos: bigint): string => formatScaled(amountNanos, 9);

/** pico-USD per unit as a decimal string of dollars, the form of OpenRouter's `pricing`. */
export const formatPrice = (pricePicos: bigint): string => formatScaled(pricePicos, 12);

/**
 * nano-USD as the JSON number of the public API. Goes through the decimal string, so that up to 15 significant digits print
 * exactly; never use the result in arithmetic.
 */
export const usdNumber = (amountNanos: bigint): number => Number(formatUsd(amountNanos));

/** Rounds a cost up to whole nano-USD: the one rounding of a generation, at most 1 nUSD in favour of the house. */
export const ceilToNanos = (costPicos: bigint): bigint => (costPicos + PICOS_PER_NANO - 1n) / PICOS_PER_NANO;
