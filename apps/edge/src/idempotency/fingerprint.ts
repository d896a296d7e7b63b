import { createHash } from 'node:crypto';

/** What is asked for, as far as it decides about the answer. */
export interface Asked {
  readonly method: string;
  /** Address of the request; what follows `?` is left out, because it may carry an API key. */
  readonly url: string;
  /** Parsed JSON, of limited depth. */
  readonly body: unknown;
}

/** SHA-256 in hexadecimal. The order of keys and the white space of a body make no difference, everything else does. */
export function fingerprintOf({ method, url, body }: Asked): string {
  const [path = ''] = url.split('?', 1);
  const hash = createHash('sha256');
  for (const part of [method, path, JSON.stringify(body, sortKeys) ?? '']) hash.update(`${part}\n`);
  return hash.digest('hex');
}

const sortKeys = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
