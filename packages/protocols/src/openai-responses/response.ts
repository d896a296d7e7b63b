import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { parseFailed } from './error.js';
import { finishOf } from './finish.js';
import { ItemReader, outputOf } from './items.js';
import { usageEvents } from './usage.js';

/** Statuses under which an answer can be used. Some servers name none. */
const USABLE: readonly unknown[] = ['completed', 'incomplete', undefined];

/** The events of a whole `response`. */
export function parseResponse(body: unknown, provider?: string): CompletionEvent[] {
  if (isRecord(body) && body['object'] === 'response') {
    if (body['status'] === 'failed' || body['status'] === 'cancelled' || isRecord(body['error']))
      return [{ type: 'error', failure: parseFailed(body, JSON.stringify(body['error'] ?? body['status'])) }];
    if (Array.isArray(body['output']) && USABLE.includes(body['status']))
      return [startEvent(body), ...endEvents(body, new ItemReader(provider))];
  }
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
}

/** What a finished response says that `items` has not said yet. */
export function* endEvents(response: JsonRecord, items: ItemReader): Generator<CompletionEvent> {
  yield* items.rest(outputOf(response));
  yield* usageEvents(response, items.searches);
  yield { type: 'finish', choice: 0, ...finishOf(response, items.calledTools) };
}

export function startEvent(response: JsonRecord): CompletionEvent {
  const [upstreamId, upstreamModel] = [textOf(response['id']), textOf(response['model'])];
  const serviceTier = textOf(response['service_tier']);
  return {
    type: 'start',
    ...(upstreamId && { upstreamId }),
    ...(upstreamModel && { upstreamModel }),
    // `auto` repeats the wish; which tier serves is known at the end.
    ...(serviceTier && serviceTier !== 'auto' && { serviceTier }),
  };
}
