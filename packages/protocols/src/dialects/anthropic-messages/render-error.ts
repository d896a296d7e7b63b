import { Buffer } from 'node:buffer';
import type { GatewayError } from '@switchyard/contracts';
import { retryAfterHeader } from '../common/retry-after-header.js';
import { routingField } from '../common/routing-field.js';

/** Anthropic's words by HTTP status (platform.claude.com/docs/en/api/errors). */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  524: 'timeout_error',
  529: 'overloaded_error',
};

const typeOf = (status: number): string => TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');

/** `metadata` is the gateway's: its stable code and what every dialect tells about the error. */
const errorBody = (error: GatewayError) => ({
  type: 'error',
  error: {
    type: typeOf(error.definition.status),
    message: error.message,
    metadata: { ...error.metadata, error_type: error.definition.type, code: error.code },
  },
  ...routingField(error.routing),
});

export const renderError = (error: GatewayError) => ({
  status: error.definition.status,
  headers: retryAfterHeader(error),
  body: errorBody(error),
});

/** The event with which Anthropic ends a stream that has begun and failed. */
export const renderStreamError = (error: GatewayError): Uint8Array =>
  Buffer.from(`event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`);
