import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord, recordOf } from '../json.js';
import { AnswerReader } from './answer-reader.js';

/** The events of a whole `GenerateContentResponse`. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body) || (Array.isArray(body) && isErrorValue(body[0])))
    return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  if (!isRecord(body)) return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  if (!Array.isArray(body['candidates']) && recordOf(body['promptFeedback'])['blockReason'] === undefined)
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  const answer = new AnswerReader();
  const events = [...answer.read(body)];
  if (answer.complete) return [...events, ...answer.end()];
  // Older image models leave the finish reason out of a whole answer.
  const usage = answer.usage;
  return [
    ...events,
    ...(usage ? [{ type: 'usage' as const, usage }] : []),
    { type: 'finish', choice: 0, reason: 'stop', nativeReason: null },
  ];
}
