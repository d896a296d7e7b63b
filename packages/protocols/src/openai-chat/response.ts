import type { CompletionEvent } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { isRecord } from '../json.js';
import type { JsonRecord } from '../json.js';
import { finishReasonOf } from './finish.js';
import { messageEvents } from './message-events.js';
import { annotationsOf, sourcesOf } from './search-citations.js';
import { startEvent, unnamedFinish, usageEvent } from './stream.js';
import { ToolCallTracker } from './tool-call-tracker.js';
import { parseUpstreamCost, parseUsage, usageFieldOf } from './usage.js';
import { choicesOf } from './wire.js';

/** The events of a whole `chat.completion` body. */
export function parseResponse(body: unknown): CompletionEvent[] {
  if (isErrorValue(body)) return [{ type: 'error', failure: parseErrorValue(body, JSON.stringify(body)) }];
  const choices = isRecord(body) ? choicesOf(body, 'body') : [];
  if (!isRecord(body) || choices.length === 0)
    return [{ type: 'error', failure: failureOf('upstream_invalid_response') }];
  const tools = new ToolCallTracker();
  const events: CompletionEvent[] = [startEvent(body)];
  for (const choice of choices) events.push(...messageEvents(choice, tools), ...tools.end(choice.index));
  if (!events.some(({ type }) => type === 'annotation')) events.push(...citationEvents(body, events));
  const usageField = usageFieldOf(body);
  const usage = parseUsage(usageField, body['service_tier']);
  if (usage) events.push(usageEvent(usage, parseUpstreamCost(usageField)));
  for (const choice of choices) {
    const native = choice.finishReason ?? null;
    const reason = native === null ? unnamedFinish(tools, choice.index) : finishReasonOf(native);
    events.push({ type: 'finish', choice: choice.index, reason, nativeReason: native });
  }
  return events;
}

/** What a search has found is cited in the first choice: nobody who searches gives more. */
function citationEvents(body: JsonRecord, events: readonly CompletionEvent[]): CompletionEvent[] {
  const sources = sourcesOf(body);
  if (sources.length === 0) return [];
  const text = events.map((event) => (event.type === 'text-delta' && event.choice === 0 ? event.text : '')).join('');
  return annotationsOf(sources, text).map((annotation) => ({ type: 'annotation', choice: 0, annotation }));
}
