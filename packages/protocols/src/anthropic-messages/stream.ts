import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { countOf, isRecord, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { BlockReader } from './blocks.js';
import { endEvents } from './end-events.js';
import { messageEvents, startEvent } from './response.js';
import { mergeUsage, parseUsage } from './usage.js';

/** Reads `message_start` … `message_stop`. Unknown events are skipped, as Anthropic asks of clients. */
export class AnthropicStreamReader implements StreamReader {
  private readonly blocks = new BlockReader();
  private usageFields: JsonRecord = {};
  private finished = false;
  private stopped = false;
  private failed = false;

  get done(): boolean {
    return this.stopped || this.failed;
  }

  /** After the stop reason nothing of the answer can be missing, `message_stop` or not. */
  get terminal(): boolean {
    return this.finished && !this.failed;
  }

  get partialUsage(): Usage | null {
    return parseUsage(this.usageFields);
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '') return [];
    const json = frameJson(frame);
    if (!json) return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    if (isErrorValue(json.value)) return this.fail(parseErrorValue(json.value, frameText(frame)));
    return isRecord(json.value) ? [...this.events(json.value)] : [];
  }

  end(): CompletionEvent[] {
    return [];
  }

  private *events(event: JsonRecord): Generator<CompletionEvent> {
    const index = countOf(event['index']) ?? 0;
    switch (event['type']) {
      case 'message_start':
        yield* this.begin(recordOf(event['message']));
        break;
      case 'content_block_start':
        yield* this.blocks.start(index, recordOf(event['content_block']));
        break;
      case 'content_block_delta':
        yield* this.blocks.delta(index, recordOf(event['delta']));
        break;
      case 'content_block_stop':
        yield* this.blocks.stop(index);
        break;
      case 'message_delta':
        yield* this.finish(event);
        break;
      case 'message_stop':
        this.stopped = true;
        break;
      case 'message':
        // A server that ignores `stream` answers with the whole message.
        this.finished = this.stopped = true;
        yield* messageEvents(event);
        break;
    }
  }

  private *begin(message: JsonRecord): Generator<CompletionEvent> {
    this.usageFields = mergeUsage(this.usageFields, message['usage']);
    yield startEvent(message);
  }

  private *finish(event: JsonRecord): Generator<CompletionEvent> {
    this.usageFields = mergeUsage(this.usageFields, event['usage']);
    const native = textOf(recordOf(event['delta'])['stop_reason']);
    if (!native || this.finished) return;
    this.finished = true;
    yield* this.blocks.stopAll();
    yield* endEvents(recordOf(event['delta']), parseUsage(this.usageFields), native);
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}
