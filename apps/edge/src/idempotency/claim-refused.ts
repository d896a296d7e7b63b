import { GatewayError } from '@switchyard/contracts';
import type { ErrorCode, IdempotencyState } from '@switchyard/contracts';

const CODES: Readonly<Record<Exclude<IdempotencyState, 'claimed'>, ErrorCode>> = {
  in_flight: 'idempotency_key_in_use',
  done: 'idempotency_key_done',
  mismatch: 'idempotency_key_mismatch',
};
const REFUSALS: ReadonlySet<ErrorCode> = new Set(Object.values(CODES));

/** Names the generation that has the key, so that its client can ask what became of it. */
export const claimRefused = (state: Exclude<IdempotencyState, 'claimed'>, generationId: string): GatewayError =>
  new GatewayError(CODES[state], { metadata: { generation_id: generationId } });

/** Clients of OpenAI and Anthropic try a 409 again unless they are told not to, and would only get the same again. */
export const shouldRetryHeader = ({ code }: GatewayError): Record<string, string> =>
  REFUSALS.has(code) ? { 'x-should-retry': 'false' } : {};
