import { z } from 'zod';

const MAX_CHARACTERS = 512;

/** Whether PostgreSQL takes the text as it is: no NUL and no half of a surrogate pair, which JSON can spell and `jsonb` refuses. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

export const storableText = (text: string): string =>
  text.slice(0, MAX_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');

/** {@link storableText} of a text that may be absent. */
export const storableOrNull = (text: string | null): string | null => (text === null ? null : storableText(text));

/**
 * Text that a client or a provider chose and that only describes: made storable, and cut to 512 characters, wherever a message with it is written or
 * read. Otherwise a provider could keep a usage off the books with one character in its finish reason.
 */
export const OutsideText = z.string().overwrite((text) => storableText(text));
