import { GatewayError } from '@switchyard/contracts';
import type { ErrorCode } from '@switchyard/contracts';

/** Codes for what the HTTP server itself refuses; everything else that is not ours is a fault of ours. */
const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'invalid_request',
  415: 'unsupported_media_type',
  431: 'invalid_request',
};

/** An error of the closed list for anything that was thrown; the cause is kept for the log and never shown. */
export function gatewayErrorOf(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code = CODES_BY_STATUS[statusOf(thrown) ?? 0];
  return new GatewayError(code ?? 'internal', { cause: thrown });
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { statusCode, status } = thrown as { readonly statusCode?: unknown; readonly status?: unknown };
  return [statusCode, status].find((value) => typeof value === 'number');
}
