import type { CompletionEvent } from '@switchyard/contracts';
import { argumentsOf } from '../openai-chat/tool-call-tracker.js';
import { reasoningText } from '../openai-chat/message-events.js';
import { countOf, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { annotationsOf } from './citations.js';
import { renderLogprobs } from './logprobs.js';

/** Beyond this an answer keeps its text but its citations lose the check of their positions. */
const MAX_TEXT_FOR_CITATIONS = 4 * 1024 * 1024;
/** Positions beyond this are no answer but an attack on our memory. */
const MAX_POSITION = 4096;

/** What Cohere's messages consist of, whole or in pieces, as events. */
export class ContentReader {
  private text = '';
  private textLength = 0;
  /** Where each text of the content begins in the answer. */
  private readonly textStarts = new Map<number, number>();
  private lastTextStart = 0;
  private readonly calls = new Map<number, number>();

  /** A piece of content: text or thinking, at its position in the message. */
  *content(position: number, piece: JsonRecord, logprobs?: unknown): Generator<CompletionEvent> {
    const [text, thinking] = [textOf(piece['text']) ?? '', textOf(piece['thinking']) ?? ''];
    if (thinking !== '') yield* this.plan(thinking);
    if (text !== '') {
      this.remember(position, text);
      yield { type: 'text-delta', choice: 0, text };
    }
    const rendered = renderLogprobs(logprobs);
    if (rendered) yield { type: 'logprobs', choice: 0, logprobs: rendered };
  }

  /** What the model thinks, or plans to do with its tools: both are its reasoning. */
  *plan(text: string): Generator<CompletionEvent> {
    if (text !== '') yield { type: 'reasoning-delta', choice: 0, detail: reasoningText(text) };
  }

  *startCall(position: number, call: JsonRecord): Generator<CompletionEvent> {
    if (this.calls.has(position) || this.calls.size >= MAX_POSITION) return;
    const index = this.calls.size;
    this.calls.set(position, index);
    const details = recordOf(call['function']);
    const name = textOf(details['name']) ?? '';
    yield { type: 'tool-call-start', choice: 0, index, id: textOf(call['id']) || `call_${index}`, name };
    yield* this.growCall(position, call);
  }

  *growCall(position: number, call: JsonRecord): Generator<CompletionEvent> {
    const index = this.calls.get(position);
    const text = argumentsOf(recordOf(call['function'])['arguments']);
    if (index !== undefined && text !== '') yield { type: 'tool-call-delta', choice: 0, index, arguments: text };
  }

  *endCall(position: number): Generator<CompletionEvent> {
    const index = this.calls.get(position);
    if (index !== undefined) yield { type: 'tool-call-end', choice: 0, index };
  }

  *citation(citation: JsonRecord): Generator<CompletionEvent> {
    const position = countOf(citation['content_index']);
    const start = (position === undefined ? undefined : this.textStarts.get(position)) ?? this.lastTextStart;
    for (const annotation of annotationsOf(citation, this.text, start))
      yield { type: 'annotation', choice: 0, annotation };
  }

  private remember(position: number, text: string): void {
    if (!this.textStarts.has(position) && this.textStarts.size < MAX_POSITION) {
      this.textStarts.set(position, this.textLength);
      this.lastTextStart = this.textLength;
    }
    this.textLength += text.length;
    if (this.textLength <= MAX_TEXT_FOR_CITATIONS) this.text += text;
  }
}
