import { ClientHeaders, GatewayError } from '@switchyard/contracts';
import type { FastifyRequest } from 'fastify';

/**
 * The headers that a provider of the client's own format may see. `x-anthropic-beta` is OpenRouter's name for `anthropic-beta`, for
 * clients of other formats (spec 2.1).
 * @throws GatewayError `invalid_request` for what is no list of names.
 */
export function clientHeadersOf({ headers }: Pick<FastifyRequest, 'headers'>): ClientHeaders {
  const beta = headers['anthropic-beta'] ?? headers['x-anthropic-beta'];
  if (beta === undefined) return {};
  const parsed = ClientHeaders.safeParse({ 'anthropic-beta': String(beta).trim() });
  if (parsed.success) return parsed.data;
  throw new GatewayError('invalid_request', {
    message: 'anthropic-beta: expected names of features, separated by commas.',
  });
}
