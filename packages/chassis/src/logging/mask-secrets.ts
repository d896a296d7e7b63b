/**
 * A last net under the rule that secrets are not logged: providers echo keys in their errors, and drivers put whole addresses into
 * theirs. Works on a line of JSON without breaking it.
 */
export const maskSecrets = (line: string): string =>
  line
    .replace(/\b(sk-[A-Za-z0-9]{2,6})[A-Za-z0-9_-]{8,}/g, '$1***')
    .replace(/\b(Bearer )[A-Za-z0-9._~+/=-]{8,}/gi, '$1***')
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"\\]+@/gi, '$1***@');
