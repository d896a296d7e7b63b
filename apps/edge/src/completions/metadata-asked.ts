import { GatewayError } from '@switchyard/contracts';

/** Of a request: its client wants to be told how it was routed (spec 2.1). The second is OpenRouter's older name. */
export const METADATA_HEADERS = ['x-openrouter-metadata', 'x-openrouter-experimental-metadata'] as const;

/** @throws GatewayError `invalid_request` for anything but `enabled` and `disabled`. */
export function asksMetadata(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const name = METADATA_HEADERS.find((known) => headers[known] !== undefined);
  if (name === undefined) return false;
  const value = headers[name];
  if (value === 'enabled' || value === 'disabled') return value === 'enabled';
  throw new GatewayError('invalid_request', { message: `${name}: must be enabled or disabled` });
}
