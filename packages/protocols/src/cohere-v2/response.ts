import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { arrayOf, isRecord, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ContentReader } from './content-reader.js';
import { failureIn, finishReasonOf } from './finish.js';
import { parseUsage } from './usage.js';

/** The events of a whole answer. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  if (!isRecord(body) || !isRecord(body['message']))
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  return [startEvent(body), ...messageEvents(body['message'], body), ...endEvents(body)];
}

export function startEvent(body: JsonRecord): CompletionEvent {
  const upstreamId = textOf(body['id']);
  return { type: 'start', ...(upstreamId && { upstreamId }) };
}

/** Reasoning and text as they stand, then the plan and the calls that follow from it. */
function* messageEvents(message: JsonRecord, body: JsonRecord): Generator<CompletionEvent> {
  const reader = new ContentReader();
  const content = message['content'];
  const parts = typeof content === 'string' ? [{ text: content }] : recordsOf(content);
  for (const [position, part] of parts.entries()) yield* reader.content(position, part);
  yield* reader.content(parts.length, {}, arrayOf(body['logprobs']));
  yield* reader.plan(textOf(message['tool_plan']) ?? '');
  for (const [position, call] of recordsOf(message['tool_calls']).entries()) {
    yield* reader.startCall(position, call);
    yield* reader.endCall(position);
  }
  for (const citation of recordsOf(message['citations'])) yield* reader.citation(citation);
}

/** Usage and finish, of a whole body or of the event that ends a stream. */
export function* endEvents(end: JsonRecord): Generator<CompletionEvent> {
  const native = textOf(end['finish_reason']) ?? 'COMPLETE';
  const failure = failureIn(native, end);
  const usage = parseUsage(end['usage']);
  if (usage) yield { type: 'usage', usage };
  if (failure) yield { type: 'error', failure };
  else yield { type: 'finish', choice: 0, reason: finishReasonOf(native), nativeReason: native };
}
