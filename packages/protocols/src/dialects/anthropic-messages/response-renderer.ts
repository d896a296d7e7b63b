import { Buffer } from 'node:buffer';
import type { CompletionEvent } from '@switchyard/contracts';
import { isRecord, parseJson } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext, ResponseRenderer } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { blockOfSignature, citationOf, thoughtBlock } from './blocks.js';
import { renderUsage } from './render-usage.js';
import { stopReasonOf } from './stop-reason.js';

/** Collects events into a `message`. */
export class MessageRenderer implements ResponseRenderer {
  private readonly content: JsonRecord[] = [];
  private readonly calls = new Map<number, { readonly block: JsonRecord; text: string }>();
  private thinkingKey = '';
  private stopReason = 'end_turn';

  constructor(private readonly context: RenderContext) {}

  add(event: CompletionEvent): void {
    if ('choice' in event && event.choice !== 0) return;
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        this.addText(event.text);
        break;
      case 'reasoning-delta':
        this.addThought(event.detail);
        break;
      case 'tool-call-start':
        if (event.signature !== undefined) this.content.push(blockOfSignature(event.id, event.signature));
        this.addCall(event);
        break;
      case 'tool-call-delta': {
        const call = this.calls.get(event.index);
        if (call) call.text += event.arguments;
        break;
      }
      case 'image-delta':
        this.content.push({ type: 'image', source: { type: 'base64', media_type: event.mediaType, data: event.data } });
        break;
      case 'annotation':
        this.addCitation(event.annotation);
        break;
      case 'finish':
        this.stopReason = stopReasonOf(event.reason, event.nativeReason);
        break;
    }
  }

  render(billing: Billing): Uint8Array {
    for (const { block, text } of this.calls.values()) block['input'] = inputOf(text);
    const { generationId: id, model, providerName: provider } = this.context;
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      provider,
      content: this.content,
      stop_reason: this.stopReason,
      stop_sequence: null,
      usage: renderUsage(billing),
      ...routingField(this.context.routing),
    };
    return Buffer.from(JSON.stringify(message));
  }

  private addText(text: string): void {
    if (text === '') return;
    const last = this.content.at(-1);
    if (last?.['type'] === 'text') last['text'] = `${last['text'] as string}${text}`;
    else this.content.push({ type: 'text', text, citations: null });
  }

  private addThought(detail: Parameters<typeof thoughtBlock>[0]): void {
    const thought = thoughtBlock(detail);
    if (thought.kind === 'redacted') {
      this.content.push(thought.block);
      return;
    }
    const key = `${detail.type} ${detail.index ?? 0}`;
    const last = this.content.at(-1);
    if (last?.['type'] === 'thinking' && this.thinkingKey === key && last['signature'] === '') {
      last['thinking'] = `${last['thinking'] as string}${thought.text}`;
      last['signature'] = thought.signature;
    } else this.content.push({ type: 'thinking', thinking: thought.text, signature: thought.signature });
    this.thinkingKey = key;
  }

  private addCall({ index, id, name }: CompletionEvent & { type: 'tool-call-start' }): void {
    const block: JsonRecord = { type: 'tool_use', id, name, input: {} };
    this.content.push(block);
    this.calls.set(index, { block, text: '' });
  }

  private addCitation(annotation: Readonly<Record<string, unknown>>): void {
    const citation = citationOf(annotation);
    const text = this.content.findLast((block) => block['type'] === 'text');
    if (citation && text) text['citations'] = [...((text['citations'] as JsonRecord[] | null) ?? []), citation];
  }
}

/** `input` is an object; what a model broke is passed on as the text that it is. */
function inputOf(text: string): JsonRecord {
  if (text.trim() === '') return {};
  const value = parseJson(text)?.value;
  return isRecord(value) ? value : { invalid_arguments: text };
}
