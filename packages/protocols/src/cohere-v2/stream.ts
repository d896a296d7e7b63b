import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { countOf, isRecord, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { ContentReader } from './content-reader.js';
import { endEvents, parseResponse, startEvent } from './response.js';

const DONE = '[DONE]';

/** Reads `message-start` … `message-end`; unknown events are skipped. Usage comes only with the last of them. */
export class CohereStreamReader implements StreamReader {
  private readonly content = new ContentReader();
  private finished = false;
  private marked = false;
  private failed = false;

  get done(): boolean {
    return this.marked || this.failed;
  }

  /** After `message-end` nothing can be missing; `[DONE]` follows it. */
  get terminal(): boolean {
    return this.finished && !this.failed;
  }

  get partialUsage(): Usage | null {
    return null;
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '') return [];
    if (frame.data === DONE) {
      this.marked = this.finished;
      return [];
    }
    const json = frameJson(frame);
    if (!json) return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    if (isFailure(json.value)) return this.fail(parseErrorValue(json.value, frameText(frame)));
    return isRecord(json.value) ? [...this.events(json.value)] : [];
  }

  end(): CompletionEvent[] {
    return [];
  }

  private *events(event: JsonRecord): Generator<CompletionEvent> {
    const delta = recordOf(event['delta']);
    const message = recordOf(delta['message']);
    const index = countOf(event['index']) ?? 0;
    switch (event['type']) {
      case 'message-start':
        yield startEvent(event);
        break;
      case 'content-start':
      case 'content-delta':
        yield* this.content.content(index, recordOf(message['content']), logprobsOf(event['logprobs']));
        break;
      case 'tool-plan-delta':
        yield* this.content.plan(textOf(message['tool_plan']) ?? '');
        break;
      case 'tool-call-start':
        yield* this.content.startCall(index, recordOf(message['tool_calls']));
        break;
      case 'tool-call-delta':
        yield* this.content.growCall(index, recordOf(message['tool_calls']));
        break;
      case 'tool-call-end':
        yield* this.content.endCall(index);
        break;
      case 'citation-start':
        yield* this.content.citation(recordOf(message['citations']));
        break;
      case 'message-end':
        yield* this.finish(endEvents(delta));
        break;
      case undefined:
        // A server that ignores `stream` answers with the whole body.
        if (isRecord(event['message'])) yield* this.finish(parseResponse(event));
        break;
    }
  }

  private *finish(events: Iterable<CompletionEvent>): Generator<CompletionEvent> {
    if (this.finished) return;
    for (const event of events) {
      this.finished ||= event.type === 'finish';
      this.failed ||= event.type === 'error';
      yield event;
    }
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}

/** An error has a message as text and no type of event (docs.cohere.com/reference/errors). */
const isFailure = (value: unknown): boolean =>
  isErrorValue(value) || (isRecord(value) && typeof value['message'] === 'string' && value['type'] === undefined);

const logprobsOf = (value: unknown): unknown => (isRecord(value) ? [value] : value);
