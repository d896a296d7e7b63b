import type { CompletionEvent, Usage } from '@switchyard/contracts';
import { reasoningText } from '../openai-chat/message-events.js';
import { argumentsOf } from '../openai-chat/tool-call-tracker.js';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { finishReasonOf } from './finish.js';
import { parseUsage } from './usage.js';

const MAX_TOOL_CALLS = 1024;

/** Whether a value is a piece of an answer: of `/api/chat`, or of `/api/generate`, which has the same frames. */
export const isPiece = (value: unknown): value is JsonRecord =>
  isRecord(value) && (isRecord(value['message']) || typeof value['response'] === 'string');

/** Reads the objects of an answer: a whole answer is a stream of one. */
export class AnswerReader {
  private begun = false;
  private toolCalls = 0;
  private idPrefix = '';
  private counted: Usage | null = null;

  get usage(): Usage | null {
    return this.counted;
  }

  *read(piece: JsonRecord): Generator<CompletionEvent> {
    if (!this.begun) yield this.start(piece);
    const message = isRecord(piece['message'])
      ? piece['message']
      : { content: piece['response'], thinking: piece['thinking'] };
    const thinking = textOf(message['thinking']);
    if (thinking) yield { type: 'reasoning-delta', choice: 0, detail: reasoningText(thinking) };
    const text = textOf(message['content']);
    if (text) yield { type: 'text-delta', choice: 0, text };
    for (const call of recordsOf(message['tool_calls'])) yield* this.toolCall(call);
    const logprobs = recordsOf(piece['logprobs']);
    if (logprobs.length > 0) yield { type: 'logprobs', choice: 0, logprobs: { content: logprobs, refusal: null } };
    if (piece['done'] === true) yield* this.end(piece);
  }

  private start(piece: JsonRecord): CompletionEvent {
    this.begun = true;
    // An answer has no id, but the time of its first piece is as good as its own.
    this.idPrefix = (textOf(piece['created_at']) ?? '').replaceAll(/\D/g, '').slice(0, 20);
    const upstreamModel = textOf(piece['model']);
    return { type: 'start', ...(upstreamModel && { upstreamModel }) };
  }

  /** Calls come whole. Most servers give them no id, without which they could not be answered. */
  private *toolCall(call: JsonRecord): Generator<CompletionEvent> {
    if (this.toolCalls >= MAX_TOOL_CALLS) return;
    const index = this.toolCalls++;
    const details = recordOf(call['function']);
    const id = textOf(call['id']) || ['call', this.idPrefix, index].filter((part) => part !== '').join('_');
    yield { type: 'tool-call-start', choice: 0, index, id, name: textOf(details['name']) ?? '' };
    yield { type: 'tool-call-delta', choice: 0, index, arguments: argumentsOf(details['arguments']) || '{}' };
    yield { type: 'tool-call-end', choice: 0, index };
  }

  private *end(piece: JsonRecord): Generator<CompletionEvent> {
    this.counted = parseUsage(piece);
    if (this.counted) yield { type: 'usage', usage: this.counted };
    const native = textOf(piece['done_reason']) || undefined;
    const reason = finishReasonOf(native, this.toolCalls > 0);
    yield { type: 'finish', choice: 0, reason, nativeReason: native ?? null };
  }
}
