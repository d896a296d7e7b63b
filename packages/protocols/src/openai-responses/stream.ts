import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { countOf, isRecord, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { parseFailed } from './error.js';
import { ItemReader } from './items.js';
import { endEvents, parseResponse, startEvent } from './response.js';
import { parseUsage } from './usage.js';

/** A marker that some servers copy from chat completions; it says nothing here. */
const DONE = '[DONE]';

/**
 * Reads `response.created` … `response.completed`. The last event repeats the whole response with its usage, so without it a
 * stream was cut. Unknown events are skipped: hosted tools have dozens of their own.
 */
export class ResponsesStreamReader implements StreamReader {
  private readonly items: ItemReader;
  private begun = false;
  private complete = false;
  private failed = false;
  private usage: Usage | null = null;

  constructor(private readonly provider?: string) {
    this.items = new ItemReader(provider);
  }

  get done(): boolean {
    return this.complete || this.failed;
  }

  get terminal(): boolean {
    return this.complete;
  }

  get partialUsage(): Usage | null {
    return this.usage;
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '' || frame.data === DONE) return [];
    const json = frameJson(frame);
    if (json) return this.readValue(json.value, frame);
    // What stands last in a cut stream is rarely whole.
    return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
  }

  end(): CompletionEvent[] {
    return [];
  }

  /** The events of one parsed event; `frame` is what an error shows. */
  readValue(value: unknown, frame: Frame): CompletionEvent[] {
    if (!isRecord(value)) return this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    const type = textOf(value['type']) ?? frame.event ?? '';
    const isOwn = type.startsWith('response.') || value['object'] === 'response';
    if (type === 'error' || (!isOwn && isErrorValue(value))) return this.fail(parseErrorValue(value, frameText(frame)));
    return [...this.events(type, value)];
  }

  private *events(type: string, event: JsonRecord): Generator<CompletionEvent> {
    const index = countOf(event['output_index']) ?? 0;
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        yield* this.begin(recordOf(event['response']));
        break;
      case 'response.output_item.added':
        yield* this.items.start(index, recordOf(event['item']));
        break;
      case 'response.output_item.done':
        yield* this.items.end(index, recordOf(event['item']));
        break;
      case 'response.completed':
      case 'response.incomplete':
        yield* this.finish(recordOf(event['response']));
        break;
      case 'response.failed':
      case 'response.cancelled':
        // What was said before may be billed all the same.
        this.usage = parseUsage(recordOf(event['response']), this.items.searches) ?? this.usage;
        yield* this.fail(parseFailed(recordOf(event['response']), JSON.stringify(errorOf(event))));
        break;
      default:
        if (event['object'] === 'response') yield* this.whole(event);
        else yield* this.items.grow(type, index, event);
    }
  }

  private *begin(response: JsonRecord): Generator<CompletionEvent> {
    this.usage = parseUsage(response, this.items.searches) ?? this.usage;
    if (this.begun) return;
    this.begun = true;
    yield startEvent(response);
  }

  private *finish(response: JsonRecord): Generator<CompletionEvent> {
    yield* this.begin(response);
    this.complete = true;
    yield* endEvents(response, this.items);
  }

  /** A server that ignores `stream` answers with the whole response. */
  private *whole(response: JsonRecord): Generator<CompletionEvent> {
    const events = parseResponse(response, this.provider);
    this.failed = events.some(({ type }) => type === 'error');
    this.complete = !this.failed;
    yield* events;
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}

const errorOf = (event: JsonRecord): unknown => recordOf(event['response'])['error'] ?? event['type'];
