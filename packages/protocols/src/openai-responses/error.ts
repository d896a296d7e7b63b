import type { UpstreamFailure } from '@switchyard/contracts';
import { parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord } from '../json.js';
import type { JsonRecord } from '../json.js';

export { parseErrorBody as parseError } from '../failures/error-body.js';

/** Why a `response` with the status `failed` or `cancelled` went wrong: `error` has a code and a message. */
export const parseFailed = (response: JsonRecord, raw: string): UpstreamFailure =>
  isRecord(response['error'])
    ? parseErrorValue({ error: response['error'] }, raw)
    : failureOf('upstream_error', { raw, providerCode: 'response_failed' });
