/** A number as plain decimal text, without exponent: `1.5e-7` is `0.00000015`. */
export function plain(value: number): string {
  const [mantissa = '0', exponent] = String(value).toLowerCase().split('e');
  return exponent === undefined ? mantissa : shift(mantissa, Number(exponent));
}

/** Moves the point of a decimal text: by -6 makes a price per million one per unit. */
export function shift(text: string, places: number): string {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const moved = `${padded.slice(0, at)}.${padded.slice(at)}`.replace(/\.?0+$/, '');
  return moved.replace(/^0+(?=\d)/, '') || '0';
}

/** US dollars per unit of a price per million units. Goes through text, so that 0.15 is exactly 0.00000015. */
export const perUnit = (perMillion: number): string => shift(plain(perMillion), -6);

const SIGNIFICANT_DIGITS = 12;

/** Takes off what a floating-point number left behind: `0.0000006000000000000001` is `0.0000006`. */
export function withoutNoise(text: string): string {
  const digits = text.replace(/^-?0*\.?0*/, '').replace('.', '');
  return digits.length <= SIGNIFICANT_DIGITS + 2
    ? text
    : shift(plain(Number(Number(text).toPrecision(SIGNIFICANT_DIGITS))), 0);
}

export const times = (price: string, factor: number): string => withoutNoise(shift(plain(Number(price) * factor), 0));
