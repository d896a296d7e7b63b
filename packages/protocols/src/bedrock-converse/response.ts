import type { CompletionEvent } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { BlockReader } from './blocks.js';
import { parseException } from './error.js';
import { finishReasonOf } from './finish.js';
import { parseUsage } from './usage.js';

/** The events of a whole answer of `Converse`. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isRecord(body) && isRecord(recordOf(body['output'])['message'])) return [...answerEvents(body)];
  return [{ type: 'error', failure: brokenAnswer(body) }];
}

/** An error in place of an answer says so; anything else is nothing. */
function brokenAnswer(body: unknown) {
  const raw = JSON.stringify(body) ?? '';
  const { __type: type, message } = recordOf(body);
  if (textOf(type) === undefined && textOf(message) === undefined)
    return failureOf('upstream_invalid_response', { raw });
  const exception = textOf(type)?.split('#').at(-1) ?? '';
  return parseException({ event: undefined, data: raw, partial: false, exception });
}

function* answerEvents(body: JsonRecord): Generator<CompletionEvent> {
  const message = recordOf(recordOf(body['output'])['message']);
  yield startEvent(body['serviceTier']);
  const blocks = new BlockReader();
  for (const [index, block] of recordsOf(message['content']).entries()) yield* blocks.whole(index, block);
  const usage = parseUsage(body['usage'], body['serviceTier'], blocks.searches);
  if (usage) yield { type: 'usage', usage };
  const native = textOf(body['stopReason']) ?? 'end_turn';
  yield { type: 'finish', choice: 0, reason: finishReasonOf(native), nativeReason: native };
}

/** Converse names neither the answer nor the model. */
export function startEvent(tier?: unknown): CompletionEvent {
  const serviceTier = textOf(recordOf(tier)['type']);
  return { type: 'start', ...(serviceTier && { serviceTier }) };
}
