/** What may be asked of a model in Google's addresses. */
const METHODS = ['generateContent', 'streamGenerateContent', 'countTokens'] as const;

export interface GeminiCall {
  readonly model: string;
  readonly method: (typeof METHODS)[number];
}

/**
 * Reads what follows `models/`. The method stands behind the last colon: an id of a model may have colons itself
 * (`acme/large:free:generateContent`). Null for a method that is not known.
 */
export function geminiCallOf(path: string): GeminiCall | null {
  const colon = path.lastIndexOf(':');
  const method = METHODS.find((known) => known === path.slice(colon + 1));
  return colon > 0 && method ? { model: path.slice(0, colon), method } : null;
}
