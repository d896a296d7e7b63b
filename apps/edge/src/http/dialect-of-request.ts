import type { DialectId } from '@switchyard/contracts';
import type { FastifyRequest } from 'fastify';
import type { RouteAccess } from './access.js';

/** What the client of a request reads: that of its route, or of the address where no route was met. */
export const dialectOfRequest = (request: Pick<FastifyRequest, 'routeOptions' | 'raw'>): DialectId =>
  (request.routeOptions.config as Partial<RouteAccess> | undefined)?.dialect ?? dialectOfAddress(request.raw.url);

/**
 * Who most likely asks at an address that cannot be decoded, or for which there is no route: a client that cannot read its error
 * tells its user nothing.
 */
export function dialectOfAddress(url: string | undefined): DialectId {
  const [path = ''] = (url ?? '').split('?', 1);
  if (/^\/(?:api\/)?v1beta\/|^\/(?:api\/)?v1\/models\/.*:\w+$/.test(path)) return 'gemini';
  return /^\/(?:api\/)?v1\/messages(?:\/|$)/.test(path) ? 'anthropic-messages' : 'openai-chat';
}
