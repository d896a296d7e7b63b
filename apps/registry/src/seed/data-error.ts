/** Faults of data files, each with the file and the path of the value. Nothing of the data is taken over. */
export class DataError extends Error {
  override readonly name = 'DataError';

  constructor(readonly faults: readonly string[]) {
    const shown = faults.slice(0, MAX_SHOWN).join('\n  ');
    const rest = faults.length > MAX_SHOWN ? `\n  and ${faults.length - MAX_SHOWN} more` : '';
    super(`the catalogue data is not taken over:\n  ${shown}${rest}`);
  }
}

const MAX_SHOWN = 20;

/** `endpoints[3].pricing.prompt` from the path of a zod issue. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
