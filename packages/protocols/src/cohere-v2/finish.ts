import type { FinishReason, UpstreamFailure } from '@switchyard/contracts';
import { parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** `finish_reason` of docs.cohere.com/reference/chat; the words with ERROR_ are those of older models. */
const REASONS: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  ERROR_LIMIT: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR_TOXIC: 'content_filter',
};

export const finishReasonOf = (native: string): FinishReason => REASONS[native] ?? 'stop';

/** An answer that ends with ERROR or TIMEOUT is none, however much of it has come; `end` has the words for it. */
export function failureIn(native: string, end: JsonRecord): UpstreamFailure | undefined {
  if (native === 'TIMEOUT') return failureOf('upstream_timeout', { providerCode: native });
  if (native !== 'ERROR') return undefined;
  const message = textOf(end['error']) ?? '';
  return parseErrorValue({ message, type: native }, message);
}
