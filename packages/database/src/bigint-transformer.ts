import type { ValueTransformer } from 'typeorm';

/**
 * Column transformer for `bigint` and `numeric(38,0)` columns: the driver gives and takes decimal strings, because numbers are
 * exact only to 2^53. Null stays null.
 * @throws SyntaxError when the column holds a fraction.
 */
export const bigintTransformer: ValueTransformer = {
  to: (value: bigint | null | undefined): string | null | undefined =>
    typeof value === 'bigint' ? value.toString() : value,
  from: (value: string | null): bigint | null => (value === null ? null : BigInt(value)),
};
