import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord } from '../json.js';
import { finishReasonOf } from './finish.js';
import { messageEvents } from './message-events.js';
import { startEvent, usageEvent } from './stream.js';
import { ToolCallTracker } from './tool-call-tracker.js';
import { parseUpstreamCost, parseUsage, usageFieldOf } from './usage.js';
import { choicesOf } from './wire.js';

/** The events of a whole `chat.completion` body. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  const choices = isRecord(body) ? choicesOf(body) : [];
  if (!isRecord(body) || choices.length === 0)
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  const tools = new ToolCallTracker();
  const events: CompletionEvent[] = [startEvent(body)];
  for (const choice of choices) events.push(...messageEvents(choice, tools), ...tools.end(choice.index));
  const usageField = usageFieldOf(body);
  const usage = parseUsage(usageField, body['service_tier']);
  if (usage) events.push(usageEvent(usage, parseUpstreamCost(usageField)));
  for (const choice of choices) {
    const native = choice.finishReason ?? null;
    const reason = native === null ? 'stop' : finishReasonOf(native);
    events.push({ type: 'finish', choice: choice.index, reason, nativeReason: native });
  }
  return events;
}
