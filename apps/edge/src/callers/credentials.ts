import type { IncomingMessage } from 'node:http';
import { GatewayError, parseApiKey } from '@switchyard/contracts';
import type { KeyKind } from '@switchyard/contracts';

export interface Credentials {
  readonly secret: string;
  readonly kind: KeyKind;
}

/**
 * Reads the key of a request from `Authorization: Bearer`, or where the clients of Anthropic
 * (`x-api-key`) and Google (`x-goog-api-key`) put it, and checks its form and checksum, without any look-up.
 * @throws GatewayError `missing_credentials` or `invalid_key`, never with the header's text.
 */
export function credentialsOf(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Credentials {
  const authorizations = request.rawHeaders.filter((name, index) => index % 2 === 0 && /^authorization$/i.test(name));
  // Node keeps the first and a proxy may have checked the last: two of them are an attack or a fault, never a request.
  if (authorizations.length > 1) throw new GatewayError('invalid_key', { message: 'Send one Authorization header.' });
  const { authorization, 'x-api-key': apiKey, 'x-goog-api-key': googleKey } = request.headers;
  const secret = authorization === undefined ? single(apiKey ?? googleKey) : bearer(authorization);
  if (secret === '') throw new GatewayError('missing_credentials');
  const parsed = parseApiKey(secret);
  if (!parsed) throw new GatewayError('invalid_key');
  return { secret, kind: parsed.kind };
}

/** The scheme is case-insensitive (RFC 7235). A text without scheme is taken as it is, so that junk is told from absence. */
const bearer = (authorization: string): string => authorization.replace(/^bearer(?:\s+|$)/i, '').trim();

const single = (header: string | readonly string[] | undefined): string =>
  (typeof header === 'string' ? header : (header?.[0] ?? '')).trim();
