import type { CompletionEvent, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import type { StreamReader } from '../types.js';
import { AnswerReader, isPiece } from './answer-reader.js';

/** Reads one JSON object per line; the last one says `done`. An error in the middle is an object with nothing but `error`. */
export class OllamaStreamReader implements StreamReader {
  private readonly answer = new AnswerReader();
  private finished = false;
  private failed = false;

  get done(): boolean {
    return this.finished || this.failed;
  }

  get terminal(): boolean {
    return this.finished;
  }

  get partialUsage(): Usage | null {
    return this.answer.usage;
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '') return [];
    const json = frameJson(frame);
    if (!json) return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    if (isErrorValue(json.value)) return this.fail(parseErrorValue(json.value, frameText(frame)));
    if (!isPiece(json.value)) return [];
    this.finished = json.value['done'] === true;
    return [...this.answer.read(json.value)];
  }

  end(): CompletionEvent[] {
    return [];
  }

  private fail(failure: UpstreamFailure): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}
