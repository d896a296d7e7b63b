import type { GatewayError } from '@switchyard/contracts';

/** Whole seconds (RFC 9110), rounded up: whoever waits as long as told must not come too early. */
export const retryAfterHeader = ({ retryAfterMs }: GatewayError): Record<string, string> =>
  retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
