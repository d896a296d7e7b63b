import type { CompletionEvent, Usage } from '@switchyard/contracts';
import { recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { finishReasonOf } from './finish.js';

/** How an answer ends; `details` is the message or the `delta` that carries the stop reason. */
export function* endEvents(details: JsonRecord, usage: Usage | null, native: string): Generator<CompletionEvent> {
  // Newer models say why they refuse.
  const explanation = textOf(recordOf(details['stop_details'])['explanation']);
  if (native === 'refusal' && explanation) yield { type: 'refusal-delta', choice: 0, text: explanation };
  if (usage) yield { type: 'usage', usage };
  yield { type: 'finish', choice: 0, reason: finishReasonOf(native), nativeReason: native };
}
