import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { isRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { AnswerReader } from './answer-reader.js';

/** Reads `streamGenerateContent`, as events (`alt=sse`) or as elements of its JSON array. */
export class GeminiStreamReader implements StreamReader {
  private readonly answer = new AnswerReader();
  private failed = false;

  get done(): boolean {
    return this.failed;
  }

  get terminal(): boolean {
    return !this.failed && this.answer.complete;
  }

  get partialUsage(): Usage | null {
    return this.answer.usage;
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '' || frame.data === '[DONE]') return [];
    const json = frameJson(frame);
    if (!json) return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    if (isErrorValue(json.value)) return this.fail(parseErrorValue(json.value, frameText(frame)));
    return isRecord(json.value) ? [...this.answer.read(json.value)] : [];
  }

  end(): CompletionEvent[] {
    return this.failed ? [] : [...this.answer.end()];
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}
