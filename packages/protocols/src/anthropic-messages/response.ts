import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { BlockReader } from './blocks.js';
import { endEvents } from './end-events.js';
import { parseUsage } from './usage.js';

/** The events of a whole `message`. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  if (!isRecord(body) || !Array.isArray(body['content']))
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  return [...messageEvents(body)];
}

export function* messageEvents(message: JsonRecord): Generator<CompletionEvent> {
  yield startEvent(message);
  const blocks = new BlockReader();
  for (const [index, block] of recordsOf(message['content']).entries()) {
    yield* blocks.start(index, block);
    yield* blocks.stop(index);
  }
  yield* endEvents(message, parseUsage(message['usage']), textOf(message['stop_reason']) ?? 'end_turn');
}

export function startEvent(message: JsonRecord): CompletionEvent {
  const [upstreamId, upstreamModel] = [textOf(message['id']), textOf(message['model'])];
  const serviceTier = textOf(recordOf(message['usage'])['service_tier']);
  return {
    type: 'start',
    ...(upstreamId && { upstreamId }),
    ...(upstreamModel && { upstreamModel }),
    ...(serviceTier && { serviceTier }),
  };
}
