import type { ServerResponse } from 'node:http';

const EXPOSED = [
  'X-Generation-Id, X-Switchyard-Dropped-Params, X-Switchyard-Stripped-Reasoning, X-Should-Retry, Retry-After',
  'X-OpenRouter-Cache-Status, X-OpenRouter-Cache-Age, X-OpenRouter-Cache-TTL, X-OpenRouter-Cache-Source-Id',
].join(', ');
const METHODS = 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS';
const DEFAULT_HEADERS = 'Authorization, Content-Type, X-Api-Key, X-Goog-Api-Key';
const MAX_AGE_S = 86_400;
const HEADER_LIST = /^[A-Za-z0-9-]{1,64}(?:\s*,\s*[A-Za-z0-9-]{1,64}){0,63}$/;

/**
 * Lets pages of every origin call the API. Keys travel in a header that scripts must set themselves and never in cookies, so an
 * origin gives a page no power that it does not have already.
 */
export function allowAnyOrigin(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
}

/** The answer to a preflight: what was asked for is allowed, as long as it looks like header names. */
export function preflightHeaders(requested: string | undefined): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': requested && HEADER_LIST.test(requested) ? requested : DEFAULT_HEADERS,
    'Access-Control-Max-Age': String(MAX_AGE_S),
    Vary: 'Access-Control-Request-Headers',
  };
}
