import type { CompletionEvent } from '@switchyard/contracts';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { indexOf } from './wire.js';

const MAX_TOOL_CALL_INDEX = 1023;

/** Turns pieces of tool calls into events; each call starts once, whatever later pieces repeat. */
export class ToolCallTracker {
  private readonly started = new Map<string, { readonly choice: number; readonly index: number }>();
  private readonly ended = new Set<string>();
  /** The index that a piece without one belongs to, per choice. */
  private readonly last = new Map<number, number>();

  *read(choice: number, message: JsonRecord): Generator<CompletionEvent> {
    for (const piece of piecesOf(message)) {
      const id = textOf(piece['id']) ?? '';
      const index = this.indexFor(choice, piece, id);
      const key = `${choice}/${index}`;
      const details = recordOf(piece['function']);
      if (!this.started.has(key)) {
        yield* this.end(choice);
        this.started.set(key, { choice, index });
        const signature = textOf(recordOf(recordOf(piece['extra_content'])['google'])['thought_signature']);
        yield {
          type: 'tool-call-start',
          choice,
          index,
          // A call without an id (old `function_call`) could not be answered.
          id: id || `call_${index}`,
          name: textOf(details['name']) ?? '',
          ...(signature && { signature }),
        };
      }
      const pieceArguments = argumentsOf(details['arguments']);
      if (pieceArguments) yield { type: 'tool-call-delta', choice, index, arguments: pieceArguments };
    }
  }

  /** Ends the calls of a choice that are still open. */
  *end(choice: number): Generator<CompletionEvent> {
    for (const [key, call] of this.started) {
      if (call.choice !== choice || this.ended.has(key)) continue;
      this.ended.add(key);
      yield { type: 'tool-call-end', choice, index: call.index };
    }
  }

  /** Whether a choice has called any tool. */
  hasCalled(choice: number): boolean {
    return this.started.values().some((call) => call.choice === choice);
  }

  /** Some providers leave the index out: then a new id is a new call, and a piece without id belongs to the last one. */
  indexFor(choice: number, piece: JsonRecord, id: string): number {
    const last = this.last.get(choice) ?? -1;
    const index = indexOf(piece['index'], id || last < 0 ? last + 1 : last, MAX_TOOL_CALL_INDEX);
    this.last.set(choice, index);
    return index;
  }
}

/** Tool calls of a delta or message; the `function_call` of old models is one without an id, unless there is nothing in it. */
export function piecesOf(message: JsonRecord): readonly JsonRecord[] {
  const legacy = message['function_call'];
  if (isRecord(legacy) && (legacy['name'] || legacy['arguments'])) return [{ index: 0, function: legacy }];
  return recordsOf(message['tool_calls']);
}

/** Arguments are JSON text; a few servers send the object itself. */
export const argumentsOf = (value: unknown): string =>
  isRecord(value) ? JSON.stringify(value) : (textOf(value) ?? '');
