import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { countOf, isRecord, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { BlockReader } from './blocks.js';
import { parseException } from './error.js';
import { finishReasonOf } from './finish.js';
import { parseResponse, startEvent } from './response.js';
import { parseUsage } from './usage.js';

/** Reads `messageStart` … `messageStop`, `metadata`: the usage comes last, after the stop reason. Unknown events are skipped. */
export class ConverseStreamReader implements StreamReader {
  private readonly blocks = new BlockReader();
  private usage: Usage | null = null;
  private finished = false;
  private closed = false;
  private failed = false;

  get done(): boolean {
    return this.closed || this.failed;
  }

  /** After the stop reason nothing of the answer can be missing, but its usage. */
  get terminal(): boolean {
    return this.finished && !this.failed;
  }

  get partialUsage(): Usage | null {
    return this.usage;
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done) return [];
    if (frame.exception !== undefined) return this.fail(parseException(frame));
    if (frame.data === '') return [];
    const json = frameJson(frame);
    if (!json) return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    // Without the name of an event it is a plain body in place of a stream: an answer, or an error.
    if (frame.event === undefined) return this.whole(json.value);
    return isRecord(json.value) ? [...this.events(frame.event, json.value)] : [];
  }

  end(): CompletionEvent[] {
    return [];
  }

  private *events(type: string, event: JsonRecord): Generator<CompletionEvent> {
    const index = countOf(event['contentBlockIndex']) ?? 0;
    switch (type) {
      case 'messageStart':
        yield startEvent();
        break;
      case 'contentBlockStart':
        yield* this.blocks.start(index, recordOf(event['start']));
        break;
      case 'contentBlockDelta':
        yield* this.blocks.delta(index, recordOf(event['delta']));
        break;
      case 'contentBlockStop':
        yield* this.blocks.stop(index);
        break;
      case 'messageStop':
        yield* this.finish(textOf(event['stopReason']) ?? 'end_turn');
        break;
      case 'metadata':
        yield* this.close(event);
        break;
    }
  }

  private *finish(native: string): Generator<CompletionEvent> {
    if (this.finished) return;
    this.finished = true;
    yield* this.blocks.stopAll();
    yield { type: 'finish', choice: 0, reason: finishReasonOf(native), nativeReason: native };
  }

  private *close(event: JsonRecord): Generator<CompletionEvent> {
    this.usage = parseUsage(event['usage'], event['serviceTier'], this.blocks.searches);
    this.closed = this.finished;
    if (this.usage) yield { type: 'usage', usage: this.usage };
  }

  private whole(value: unknown): CompletionEvent[] {
    const events = parseResponse(value);
    this.failed = events.some(({ type }) => type === 'error');
    this.finished = this.closed = !this.failed;
    return events;
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}
