import { GatewayError, IdempotencyKey } from '@switchyard/contracts';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * The client's name for a request that must not be served twice; null when it gave none.
 * @throws GatewayError `invalid_request` for anything but 1 to 255 printable ASCII characters
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const value = headers['idempotency-key'];
  if (value === undefined) return null;
  const key = IdempotencyKey.safeParse(value);
  if (key.success) return key.data;
  throw new GatewayError('invalid_request', {
    message: 'Idempotency-Key: expected 1 to 255 printable ASCII characters.',
  });
}
