import { Buffer } from 'node:buffer';
import type { GatewayError } from '@switchyard/contracts';
import { retryAfterHeader } from '../common/retry-after-header.js';
import { routingField } from '../common/routing-field.js';

/** Google's words by HTTP status (google.rpc.Code). */
const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  524: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
};

/** What every dialect tells about an error stands in `details`, where Google puts it, under a type of our own. */
const errorBody = (error: GatewayError) => ({
  error: {
    code: error.definition.status,
    message: error.message,
    status: STATUSES[error.definition.status] ?? (error.definition.status < 500 ? 'INVALID_ARGUMENT' : 'UNAVAILABLE'),
    details: [
      {
        '@type': 'type.switchyard.dev/ErrorInfo',
        reason: error.code,
        metadata: { ...error.metadata, error_type: error.definition.type, code: error.code },
      },
    ],
  },
  ...routingField(error.routing),
});

export const renderError = (error: GatewayError) => ({
  status: error.definition.status,
  headers: retryAfterHeader(error),
  body: errorBody(error),
});

export const renderStreamError = (error: GatewayError): Uint8Array =>
  Buffer.from(`data: ${JSON.stringify(errorBody(error))}\r\n\r\n`);
