import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { countOf, isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { annotationOf, imageOf } from './parts.js';
import { MAX_ITEMS, reasoningFormatsOf } from './wire.js';

interface OpenItem {
  /** Index among the calls of the answer; -1 while it is not known to be one. */
  toolIndex: number;
  /** What has been said of each piece (`text/0`, `summary/1`, …): the end of the item brings what is missing. */
  readonly said: Set<string>;
  /** Where each content part begins in the text of the answer. */
  readonly starts: Map<number, number>;
}

/**
 * Output items as events. A stream opens an item, lets it grow and closes it with the whole item; a body has only whole items,
 * which are then opened and closed at once. Servers leave deltas out (LM Studio sends arguments in one piece), so closing says
 * what nobody has said before. Tools that the provider runs itself are no calls for our client: their items pass silently.
 */
export class ItemReader {
  /** Searches of the web that the provider ran. */
  searches = 0;
  private readonly formats: ReturnType<typeof reasoningFormatsOf>;
  private readonly open = new Map<number, OpenItem>();
  private readonly closed = new Set<number>();
  private toolCalls = 0;
  private textLength = 0;

  constructor(provider?: string) {
    this.formats = reasoningFormatsOf(provider);
  }

  get calledTools(): boolean {
    return this.toolCalls > 0;
  }

  /** `response.output_item.added` */
  *start(index: number, item: JsonRecord): Generator<CompletionEvent> {
    const open = this.at(index);
    const name = textOf(item['name']);
    if (!open || item['type'] !== 'function_call' || !name || open.toolIndex >= 0) return;
    open.toolIndex = this.toolCalls++;
    const id = textOf(item['call_id']) || textOf(item['id']) || `call_${open.toolIndex}`;
    yield { type: 'tool-call-start', choice: 0, index: open.toolIndex, id, name };
  }

  /** Every event between the opening and the closing of an item. */
  *grow(type: string, index: number, event: JsonRecord): Generator<CompletionEvent> {
    const open = this.at(index);
    if (!open) return;
    const [text, part] = [textOf(event['delta']) ?? '', countOf(event['content_index']) ?? 0];
    switch (type) {
      case 'response.output_text.delta':
        yield* this.text(open, part, text);
        yield* this.logprobs(open, part, event['logprobs']);
        break;
      case 'response.refusal.delta':
        yield* this.refusal(open, part, text);
        break;
      case 'response.output_text.annotation.added':
        yield* this.annotation(open, part, recordOf(event['annotation']));
        break;
      case 'response.reasoning_summary_text.delta':
        yield* this.summary(open, index, event, countOf(event['summary_index']) ?? 0, text);
        break;
      case 'response.reasoning_text.delta':
        yield* this.reasoning(open, index, event, part, text);
        break;
      case 'response.function_call_arguments.delta':
        yield* this.arguments(open, text);
        break;
    }
  }

  /** `response.output_item.done`: the whole item. */
  *end(index: number, item: JsonRecord): Generator<CompletionEvent> {
    yield* this.start(index, item);
    const open = this.at(index);
    if (!open) return;
    this.open.delete(index);
    this.closed.add(index);
    switch (item['type']) {
      case 'message':
        for (const [position, part] of recordsOf(item['content']).entries()) yield* this.part(open, position, part);
        break;
      case 'reasoning':
        yield* this.wholeReasoning(open, index, item);
        break;
      case 'function_call':
        if (!open.said.has('arguments')) yield* this.arguments(open, textOf(item['arguments']) ?? '');
        if (open.toolIndex >= 0) yield { type: 'tool-call-end', choice: 0, index: open.toolIndex };
        break;
      case 'image_generation_call':
        yield* imageOf(item);
        break;
      case 'web_search_call':
        if ((textOf(recordOf(item['action'])['type']) ?? 'search') === 'search') this.searches++;
        break;
    }
  }

  /** Items of the finished response that the stream never closed. */
  *rest(output: readonly JsonRecord[]): Generator<CompletionEvent> {
    for (const [index, item] of output.entries()) yield* this.end(index, item);
  }

  private at(index: number): OpenItem | undefined {
    const existing = this.open.get(index);
    if (existing || index >= MAX_ITEMS || this.closed.has(index)) return existing;
    const open: OpenItem = { toolIndex: -1, said: new Set(), starts: new Map() };
    this.open.set(index, open);
    return open;
  }

  private *part(open: OpenItem, position: number, part: JsonRecord): Generator<CompletionEvent> {
    if (part['type'] === 'refusal' && !open.said.has(`refusal/${position}`))
      yield* this.refusal(open, position, textOf(part['refusal']) ?? '');
    if (part['type'] !== 'output_text') return;
    if (!open.said.has(`text/${position}`)) yield* this.text(open, position, textOf(part['text']) ?? '');
    if (!open.said.has(`logprobs/${position}`)) yield* this.logprobs(open, position, part['logprobs']);
    if (open.said.has(`annotation/${position}`)) return;
    for (const annotation of recordsOf(part['annotations'])) yield* this.annotation(open, position, annotation);
  }

  private *text(open: OpenItem, part: number, text: string): Generator<CompletionEvent> {
    if (!open.starts.has(part) && open.starts.size < MAX_ITEMS) open.starts.set(part, this.textLength);
    if (text === '') return;
    open.said.add(`text/${part}`);
    this.textLength += text.length;
    yield { type: 'text-delta', choice: 0, text };
  }

  private *refusal(open: OpenItem, part: number, text: string): Generator<CompletionEvent> {
    if (text === '') return;
    open.said.add(`refusal/${part}`);
    yield { type: 'refusal-delta', choice: 0, text };
  }

  private *logprobs(open: OpenItem, part: number, value: unknown): Generator<CompletionEvent> {
    const content = recordsOf(value);
    if (content.length === 0) return;
    open.said.add(`logprobs/${part}`);
    yield { type: 'logprobs', choice: 0, logprobs: { content, refusal: null } };
  }

  /** Positions count from the beginning of their part; ours from the beginning of the answer. */
  private *annotation(open: OpenItem, part: number, value: JsonRecord): Generator<CompletionEvent> {
    open.said.add(`annotation/${part}`);
    const annotation = annotationOf(value, open.starts.get(part) ?? this.textLength);
    if (annotation) yield { type: 'annotation', choice: 0, annotation };
  }

  private *arguments(open: OpenItem, text: string): Generator<CompletionEvent> {
    if (open.toolIndex < 0 || text === '') return;
    open.said.add('arguments');
    yield { type: 'tool-call-delta', choice: 0, index: open.toolIndex, arguments: text };
  }

  private *wholeReasoning(open: OpenItem, index: number, item: JsonRecord): Generator<CompletionEvent> {
    for (const [position, part] of recordsOf(item['summary']).entries())
      if (!open.said.has(`summary/${position}`))
        yield* this.summary(open, index, item, position, textOf(part['text']) ?? '');
    for (const [position, part] of recordsOf(item['content']).entries())
      if (!open.said.has(`reasoning/${position}`))
        yield* this.reasoning(open, index, item, position, textOf(part['text']) ?? '');
    const data = textOf(item['encrypted_content']);
    // The text of the item when it was opened is not its last word, so that only the closed one counts.
    if (data) yield this.detail(index, item, { type: 'reasoning.encrypted', data, format: this.formats.encrypted });
  }

  /** Parts of a summary are paragraphs. */
  private *summary(
    open: OpenItem,
    index: number,
    source: JsonRecord,
    part: number,
    text: string,
  ): Generator<CompletionEvent> {
    if (text === '') return;
    const opens = part > 0 && !open.said.has(`summary/${part}`);
    open.said.add(`summary/${part}`);
    const summary = opens ? `\n\n${text}` : text;
    yield this.detail(index, source, { type: 'reasoning.summary', summary, format: this.formats.readable });
  }

  private *reasoning(
    open: OpenItem,
    index: number,
    source: JsonRecord,
    part: number,
    text: string,
  ): Generator<CompletionEvent> {
    if (text === '') return;
    open.said.add(`reasoning/${part}`);
    yield this.detail(index, source, { type: 'reasoning.text', text, format: this.formats.readable });
  }

  /** `id` stands in the item, or in a delta as `item_id`: it tells which details belong together. */
  private detail(index: number, source: JsonRecord, detail: ReasoningDetail): CompletionEvent {
    const id = textOf(source['item_id']) ?? textOf(source['id']);
    return { type: 'reasoning-delta', choice: 0, detail: { ...detail, ...(id && { id }), index } };
  }
}

export const outputOf = (response: JsonRecord): readonly JsonRecord[] =>
  Array.isArray(response['output']) ? response['output'].map((item: unknown) => (isRecord(item) ? item : {})) : [];
