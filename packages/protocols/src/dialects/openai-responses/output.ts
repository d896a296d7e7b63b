import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import { RESPONSES_REASONING } from '../../openai-responses/wire.js';
import { signatureDetail } from '../openai-chat/chunk-renderer.js';
import { wrap } from './reasoning-items.js';

export interface OutputEvent extends JsonRecord {
  readonly type: string;
}

interface OpenItem {
  readonly index: number;
  readonly item: JsonRecord;
  readonly kind: 'message' | 'reasoning' | 'call';
  /** Where the upstream named the item. */
  readonly source?: string | undefined;
}

/**
 * The output items of a response as they grow. Each canonical event gives the events of the Responses API that tell it; the
 * items themselves are the body of a whole answer. Text and reasoning follow one another, calls may run side by side.
 */
export class ResponseOutput {
  readonly items: JsonRecord[] = [];
  private open: OpenItem | null = null;
  private readonly calls = new Map<number, OpenItem>();
  private readonly wrapped: ReasoningDetail[] = [];
  private hidden = '';

  constructor(
    private readonly idSuffix: string,
    private readonly hideReasoning: boolean,
  ) {}

  *add(event: CompletionEvent): Generator<OutputEvent> {
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') yield* this.text('output_text', event.text);
        break;
      case 'refusal-delta':
        if (event.text !== '') yield* this.text('refusal', event.text);
        break;
      case 'reasoning-delta':
        yield* this.reasoning(event.detail);
        break;
      case 'tool-call-start':
        yield* this.startCall(event);
        break;
      case 'tool-call-delta':
        yield* this.callDelta(event.index, event.arguments);
        break;
      case 'tool-call-end':
        yield* this.endCall(event.index);
        break;
      case 'image-delta':
        yield* this.image(event.data);
        break;
      case 'annotation':
        yield* this.annotation(event.annotation);
        break;
      case 'logprobs':
        this.logprobs(event.logprobs);
        break;
      case 'finish':
        yield* this.closeAll();
        break;
    }
  }

  *closeAll(): Generator<OutputEvent> {
    yield* this.close();
    for (const index of this.calls.keys()) yield* this.endCall(index);
  }

  private *text(type: 'output_text' | 'refusal', text: string): Generator<OutputEvent> {
    const part = this.partOf(type);
    if (!part) yield* this.openText(type);
    const { index, item } = this.open!;
    const content = item['content'] as JsonRecord[];
    const last = content.at(-1)!;
    const field = type === 'refusal' ? 'refusal' : 'text';
    last[field] = `${last[field] as string}${text}`;
    yield {
      type: `response.${type}.delta`,
      item_id: item['id'],
      output_index: index,
      content_index: content.length - 1,
      delta: text,
      ...(type === 'output_text' && { logprobs: [] }),
    };
  }

  private partOf(type: string): JsonRecord | undefined {
    if (this.open?.kind !== 'message') return undefined;
    const last = (this.open.item['content'] as JsonRecord[]).at(-1);
    return last?.['type'] === type ? last : undefined;
  }

  private *openText(type: 'output_text' | 'refusal'): Generator<OutputEvent> {
    if (this.open?.kind === 'message') yield* this.closePart();
    else {
      yield* this.close();
      yield* this.openItem(
        'message',
        { type: 'message', role: 'assistant', status: 'in_progress', content: [] },
        'msg',
      );
    }
    const { index, item } = this.open!;
    const content = item['content'] as JsonRecord[];
    const part: JsonRecord =
      type === 'refusal' ? { type, refusal: '' } : { type, annotations: [], logprobs: [], text: '' };
    content.push(part);
    const place = { item_id: item['id'], output_index: index, content_index: content.length - 1 };
    yield { type: 'response.content_part.added', ...place, part: { ...part } };
  }

  private *reasoning(detail: ReasoningDetail): Generator<OutputEvent> {
    const own = detail.format === RESPONSES_REASONING;
    if (detail.type === 'reasoning.encrypted') {
      yield* this.openReasoning(detail.id ?? undefined);
      if (own) this.open!.item['encrypted_content'] = detail.data;
      else this.carry(detail);
      return;
    }
    const text = detail.type === 'reasoning.summary' ? detail.summary : detail.text;
    const signature = detail.type === 'reasoning.text' ? detail.signature : undefined;
    if (this.hideReasoning) this.hidden += text;
    if (this.hideReasoning && !signature) return;
    yield* this.openReasoning(detail.id ?? undefined);
    if (text !== '' && !this.hideReasoning) yield* this.reasoningText(detail.type === 'reasoning.summary', text);
    if (!signature) return;
    // A signature covers its whole text: what the client was not shown travels inside the wrapper.
    this.carry({ ...detail, type: 'reasoning.text', text: this.hidden });
    this.hidden = '';
  }

  /** What its maker wants back stands wrapped in the one field that clients return unread. */
  private carry(detail: ReasoningDetail): void {
    this.wrapped.push(detail);
    this.open!.item['encrypted_content'] = wrap(this.wrapped);
  }

  private *openReasoning(id: string | undefined): Generator<OutputEvent> {
    const open = this.open?.kind === 'reasoning' ? this.open : null;
    // Another name is another item: each has a seal of its own.
    if (open && (id === undefined || open.source === undefined || open.source === id)) return;
    yield* this.close();
    this.wrapped.length = 0;
    yield* this.openItem('reasoning', { type: 'reasoning', summary: [] }, 'rs', id);
  }

  private *reasoningText(summary: boolean, text: string): Generator<OutputEvent> {
    const { index, item } = this.open!;
    const field = summary ? 'summary' : 'content';
    const parts = (item[field] ??= []) as JsonRecord[];
    const place = { item_id: item['id'], output_index: index };
    if (parts.length === 0) {
      parts.push({ type: summary ? 'summary_text' : 'reasoning_text', text: '' });
      yield summary
        ? { type: 'response.reasoning_summary_part.added', ...place, summary_index: 0, part: { ...parts[0] } }
        : { type: 'response.content_part.added', ...place, content_index: 0, part: { ...parts[0] } };
    }
    parts[0]!['text'] = `${parts[0]!['text'] as string}${text}`;
    yield summary
      ? { type: 'response.reasoning_summary_text.delta', ...place, summary_index: 0, delta: text }
      : { type: 'response.reasoning_text.delta', ...place, content_index: 0, delta: text };
  }

  private *startCall(event: CompletionEvent & { type: 'tool-call-start' }): Generator<OutputEvent> {
    if (event.signature !== undefined) {
      yield* this.openReasoning(undefined);
      this.carry(signatureDetail(event.id, event.signature, event.index));
    }
    yield* this.close();
    const item = { type: 'function_call', status: 'in_progress', arguments: '', call_id: event.id, name: event.name };
    yield* this.openItem('call', item, 'fc');
    this.calls.set(event.index, this.open!);
    this.open = null;
  }

  private *callDelta(call: number, text: string): Generator<OutputEvent> {
    const open = this.calls.get(call);
    if (!open || text === '') return;
    open.item['arguments'] = `${open.item['arguments'] as string}${text}`;
    yield {
      type: 'response.function_call_arguments.delta',
      item_id: open.item['id'],
      output_index: open.index,
      delta: text,
    };
  }

  private *endCall(call: number): Generator<OutputEvent> {
    const open = this.calls.get(call);
    if (!open) return;
    this.calls.delete(call);
    const { index, item } = open;
    if (item['arguments'] === '') item['arguments'] = '{}';
    item['status'] = 'completed';
    const place = { item_id: item['id'], output_index: index };
    yield { type: 'response.function_call_arguments.done', ...place, name: item['name'], arguments: item['arguments'] };
    yield { type: 'response.output_item.done', output_index: index, item: { ...item } };
  }

  private *image(data: string): Generator<OutputEvent> {
    yield* this.close();
    const item = { type: 'image_generation_call', status: 'completed', result: data };
    const index = this.items.length;
    const placed = { id: `ig_${this.idSuffix}_${index}`, ...item };
    this.items.push(placed);
    yield {
      type: 'response.output_item.added',
      output_index: index,
      item: { ...placed, status: 'in_progress', result: null },
    };
    yield { type: 'response.output_item.done', output_index: index, item: placed };
  }

  private *annotation(annotation: Readonly<Record<string, unknown>>): Generator<OutputEvent> {
    const message = this.open?.kind === 'message' ? this.open : null;
    const part = message && (message.item['content'] as JsonRecord[]).findLast(({ type }) => type === 'output_text');
    if (!message || !part) return;
    const { type, url_citation: citation } = annotation;
    const flat = { type, ...(citation as JsonRecord | undefined) };
    const annotations = part['annotations'] as JsonRecord[];
    annotations.push(flat);
    yield {
      type: 'response.output_text.annotation.added',
      item_id: message.item['id'],
      output_index: message.index,
      content_index: (message.item['content'] as JsonRecord[]).indexOf(part),
      annotation_index: annotations.length - 1,
      annotation: flat,
    };
  }

  private logprobs(logprobs: unknown): void {
    const part = this.partOf('output_text');
    const content = (logprobs as { content?: unknown } | null)?.content;
    if (part && Array.isArray(content)) (part['logprobs'] as unknown[]).push(...(content as unknown[]));
  }

  private *openItem(kind: OpenItem['kind'], fields: JsonRecord, prefix: string, id?: string): Generator<OutputEvent> {
    const index = this.items.length;
    const item: JsonRecord = { id: id ?? `${prefix}_${this.idSuffix}_${index}`, ...fields };
    this.items.push(item);
    this.open = { index, item, kind, source: id };
    yield { type: 'response.output_item.added', output_index: index, item: structuredClone(item) };
  }

  private *closePart(): Generator<OutputEvent> {
    const { index, item } = this.open!;
    const content = item['content'] as JsonRecord[];
    const part = content.at(-1);
    if (!part) return;
    const place = { item_id: item['id'], output_index: index, content_index: content.length - 1 };
    if (part['type'] === 'refusal') yield { type: 'response.refusal.done', ...place, refusal: part['refusal'] };
    else yield { type: 'response.output_text.done', ...place, text: part['text'], logprobs: part['logprobs'] };
    yield { type: 'response.content_part.done', ...place, part };
  }

  private *close(): Generator<OutputEvent> {
    if (!this.open) return;
    const { index, item, kind } = this.open;
    if (kind === 'message') {
      yield* this.closePart();
      item['status'] = 'completed';
    } else yield* this.closeReasoning(index, item);
    this.open = null;
    yield { type: 'response.output_item.done', output_index: index, item };
  }

  private *closeReasoning(index: number, item: JsonRecord): Generator<OutputEvent> {
    const place = { item_id: item['id'], output_index: index };
    const [summary] = item['summary'] as JsonRecord[];
    const [content] = (item['content'] ?? []) as JsonRecord[];
    if (summary) {
      yield { type: 'response.reasoning_summary_text.done', ...place, summary_index: 0, text: summary['text'] };
      yield { type: 'response.reasoning_summary_part.done', ...place, summary_index: 0, part: summary };
    }
    if (content) {
      yield { type: 'response.reasoning_text.done', ...place, content_index: 0, text: content['text'] };
      yield { type: 'response.content_part.done', ...place, content_index: 0, part: content };
    }
  }
}
