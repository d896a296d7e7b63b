import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { isRecord, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { CLAUDE_REASONING } from './wire.js';

interface OpenBlock {
  readonly type: string;
  /** Index among the tool calls of the answer, for `tool_use`. */
  readonly toolIndex: number;
  /** Where the text of this block begins in the answer. */
  readonly textStart: number;
  readonly citations: JsonRecord[];
  arguments: boolean;
}

/** A hostile stream must not open blocks without end. */
const MAX_OPEN_BLOCKS = 1024;

/**
 * Content blocks as events: of a stream (start, deltas, stop) or a whole message (start with everything, stop). Tools that
 * Anthropic runs itself are no calls for our client: their blocks pass silently, their text and citations do not.
 */
export class BlockReader {
  private readonly open = new Map<number, OpenBlock>();
  private toolCalls = 0;
  private textLength = 0;

  *start(index: number, block: JsonRecord): Generator<CompletionEvent> {
    if (this.open.size >= MAX_OPEN_BLOCKS) return;
    const type = textOf(block['type']) ?? '';
    const citations = recordsOf(block['citations']);
    const toolIndex = type === 'tool_use' ? this.toolCalls++ : -1;
    this.open.set(index, { type, toolIndex, textStart: this.textLength, citations: [...citations], arguments: false });
    if (type === 'text') yield* this.text(textOf(block['text']) ?? '');
    else if (type === 'thinking') yield* this.thinking(index, block);
    else if (type === 'redacted_thinking')
      yield reasoning({
        type: 'reasoning.encrypted',
        data: textOf(block['data']) ?? '',
        index,
        format: CLAUDE_REASONING,
      });
    else if (type === 'tool_use') yield* this.toolUse(index, block);
  }

  *delta(index: number, delta: JsonRecord): Generator<CompletionEvent> {
    const block = this.open.get(index);
    switch (delta['type']) {
      case 'text_delta':
        yield* this.text(textOf(delta['text']) ?? '');
        break;
      case 'thinking_delta':
      case 'signature_delta':
        yield* this.thinking(index, delta);
        break;
      case 'input_json_delta':
        yield* this.input(block, textOf(delta['partial_json']) ?? '');
        break;
      case 'citations_delta':
        if (block && isRecord(delta['citation'])) block.citations.push(delta['citation']);
        break;
    }
  }

  *stop(index: number): Generator<CompletionEvent> {
    const block = this.open.get(index);
    if (!block) return;
    this.open.delete(index);
    if (block.toolIndex >= 0) yield { type: 'tool-call-end', choice: 0, index: block.toolIndex };
    // A citation comes before the text that it supports, so its range is known only now.
    for (const citation of block.citations) {
      const annotation = annotationOf(citation, block.textStart, this.textLength);
      if (annotation) yield { type: 'annotation', choice: 0, annotation };
    }
  }

  /** Ends what a stream left open. */
  *stopAll(): Generator<CompletionEvent> {
    for (const index of this.open.keys()) yield* this.stop(index);
  }

  private *text(text: string): Generator<CompletionEvent> {
    if (text === '') return;
    this.textLength += text.length;
    yield { type: 'text-delta', choice: 0, text };
  }

  /** Text and signature may come together (whole message) or one after the other (stream). */
  private *thinking(index: number, part: JsonRecord): Generator<CompletionEvent> {
    const [text, signature] = [textOf(part['thinking']) ?? '', textOf(part['signature'])];
    if (text === '' && !signature) return;
    yield reasoning({ type: 'reasoning.text', text, ...(signature && { signature }), index, format: CLAUDE_REASONING });
  }

  private *toolUse(index: number, block: JsonRecord): Generator<CompletionEvent> {
    const open = this.open.get(index)!;
    const [id, name] = [textOf(block['id']) ?? '', textOf(block['name']) ?? ''];
    yield { type: 'tool-call-start', choice: 0, index: open.toolIndex, id, name };
    const input = block['input'];
    if (isRecord(input) && Object.keys(input).length > 0) yield* this.input(open, JSON.stringify(input));
  }

  private *input(block: OpenBlock | undefined, text: string): Generator<CompletionEvent> {
    if (!block || block.toolIndex < 0 || text === '') return;
    block.arguments = true;
    yield { type: 'tool-call-delta', choice: 0, index: block.toolIndex, arguments: text };
  }
}

const reasoning = (detail: ReasoningDetail): CompletionEvent => ({ type: 'reasoning-delta', choice: 0, detail });

/** Only citations of web pages have a form in our dialect; those of the caller's own documents have no address. */
function annotationOf(citation: JsonRecord, start: number, end: number): JsonRecord | undefined {
  const url = textOf(citation['url']);
  if (!url) return undefined;
  const content = textOf(citation['cited_text']);
  return {
    type: 'url_citation',
    url_citation: {
      url,
      title: textOf(citation['title']) ?? '',
      ...(content !== undefined && { content }),
      start_index: start,
      end_index: end,
    },
  };
}
