import { GatewayError, type ErrorCode } from '@switchyard/contracts';
import { sqlStateOf } from '@switchyard/database';

/** SQLSTATEs that the ledger's functions raise on purpose, and the one of an amount beyond `bigint`. */
const REFUSALS: Readonly<Record<string, { code: ErrorCode; message?: string }>> = {
  SL404: { code: 'not_found', message: 'The account does not exist.' },
  SL409: { code: 'conflict', message: 'The same id was used before with other values.' },
  '22003': { code: 'invalid_request', message: 'The amount is too large.' },
};

/** The error of the closed list for what a function of the ledger refused; anything else unchanged. */
export function asRefusal(error: unknown): unknown {
  const refusal = REFUSALS[sqlStateOf(error) ?? ''];
  return refusal ? new GatewayError(refusal.code, { ...refusal, cause: error }) : error;
}
