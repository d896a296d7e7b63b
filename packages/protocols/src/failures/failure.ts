import { Buffer } from 'node:buffer';
import { ERRORS } from '@switchyard/contracts';
import type { ErrorCode, UpstreamFailure } from '@switchyard/contracts';
import { maskSecrets } from './secrets.js';

/** How much of a provider's own error is kept, in bytes of UTF-8. */
export const MAX_RAW_BYTES = 2048;
const MAX_PROVIDER_CODE_LENGTH = 200;
/** How much of a body is looked at before it is cut: masking must see a secret that the cut would split. */
const MAX_SCANNED_LENGTH = 16_384;

/** A failure of the closed list. `retryable` comes from the list; `raw` is masked and cut here, so that no caller can forget it. */
export function failureOf(
  code: ErrorCode,
  details: { readonly retryAfterMs?: number; readonly providerCode?: string; readonly raw?: string } = {},
): UpstreamFailure {
  const { retryAfterMs, providerCode, raw } = details;
  return {
    code,
    message: ERRORS[code].message,
    retryable: ERRORS[code].retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(providerCode && { providerCode: maskSecrets(providerCode).slice(0, MAX_PROVIDER_CODE_LENGTH) }),
    ...(raw && { raw: cutRaw(raw) }),
  };
}

/** Masks secrets and cuts at a character boundary. */
export function cutRaw(text: string): string {
  const bytes = Buffer.from(maskSecrets(text.slice(0, MAX_SCANNED_LENGTH)), 'utf8');
  if (bytes.length <= MAX_RAW_BYTES) return bytes.toString('utf8');
  let end = MAX_RAW_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString('utf8');
}
