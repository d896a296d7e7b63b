import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { AnswerReader, isPiece } from './answer-reader.js';

/** The events of a whole answer. One that is not `done` is no whole answer. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  if (!isPiece(body) || body['done'] !== true)
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  return [...new AnswerReader().read(body)];
}
