import { Buffer } from 'node:buffer';
import type { CompletionEvent, GatewayError, ReasoningDetail } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext, StreamRenderer } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { blockOfSignature, citationOf, thoughtBlock } from './blocks.js';
import { NO_USAGE, renderUsage } from './render-usage.js';
import { stopReasonOf } from './stop-reason.js';

type Open = { readonly index: number; readonly kind: 'text' | 'thinking'; readonly key: string };

const eventText = (type: string, fields: JsonRecord): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** Renders events as `message_start` … `message_stop`. Blocks of text and thought follow one another; calls may run side by side. */
export class MessageStreamRenderer implements StreamRenderer {
  private begun = false;
  private blocks = 0;
  private open: Open | null = null;
  private readonly calls = new Map<number, number>();
  private stopReason = 'end_turn';
  private stopError: { readonly type: string; readonly message: string } | null = null;

  constructor(private readonly context: RenderContext) {}

  render(event: CompletionEvent): string {
    // A message has one choice.
    if ('choice' in event && event.choice !== 0) return '';
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        return event.text === '' ? '' : this.text(event.text);
      case 'reasoning-delta':
        return this.thought(event.detail);
      case 'tool-call-start':
        return this.toolUse(event);
      case 'tool-call-delta':
        return this.callDelta(event.index, event.arguments);
      case 'tool-call-end':
        return this.endCall(event.index);
      case 'image-delta':
        return this.whole({
          type: 'image',
          source: { type: 'base64', media_type: event.mediaType, data: event.data },
        });
      case 'annotation':
        return this.citation(event.annotation);
      case 'finish':
        this.stopReason = stopReasonOf(event.reason, event.nativeReason);
        return this.start() + this.closeAll();
      default:
        return '';
    }
  }

  /** Why stands where the reason does: an event of its own would make clients throw away what they have. */
  stop(reason: GatewayError): void {
    this.stopError = { type: 'billing_error', message: reason.message };
  }

  end(billing: Billing): Uint8Array {
    const why = this.stopError && { error: this.stopError };
    const delta = { stop_reason: this.stopReason, stop_sequence: null, ...why };
    return Buffer.from(
      this.start() +
        this.closeAll() +
        eventText('message_delta', { delta, usage: renderUsage(billing) }) +
        eventText('message_stop', routingField(this.context.routing)),
    );
  }

  private start(): string {
    if (this.begun) return '';
    this.begun = true;
    const { generationId: id, model, providerName: provider } = this.context;
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      provider,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: NO_USAGE,
    };
    return eventText('message_start', { message });
  }

  private text(text: string): string {
    const opening = this.openBlock('text', 'text', { type: 'text', text: '' });
    return opening + this.delta(this.open!.index, { type: 'text_delta', text });
  }

  private thought(detail: ReasoningDetail): string {
    const block = thoughtBlock(detail);
    if (block.kind === 'redacted') return this.whole(block.block);
    const key = `${detail.type} ${detail.index ?? 0}`;
    const opening = this.openBlock('thinking', key, { type: 'thinking', thinking: '', signature: '' });
    const { index } = this.open!;
    return (
      opening +
      (block.text === '' ? '' : this.delta(index, { type: 'thinking_delta', thinking: block.text })) +
      (block.signature === '' ? '' : this.delta(index, { type: 'signature_delta', signature: block.signature }))
    );
  }

  private toolUse(event: CompletionEvent & { type: 'tool-call-start' }): string {
    const signature = event.signature === undefined ? '' : this.whole(blockOfSignature(event.id, event.signature));
    const before = this.start() + signature + this.closeOpen();
    const index = this.blocks++;
    this.calls.set(event.index, index);
    const block = { type: 'tool_use', id: event.id, name: event.name, input: {} };
    return before + eventText('content_block_start', { index, content_block: block });
  }

  private callDelta(call: number, text: string): string {
    const index = this.calls.get(call);
    return index === undefined || text === ''
      ? ''
      : this.delta(index, { type: 'input_json_delta', partial_json: text });
  }

  private endCall(call: number): string {
    const index = this.calls.get(call);
    if (index === undefined) return '';
    this.calls.delete(call);
    return eventText('content_block_stop', { index });
  }

  private citation(annotation: Readonly<Record<string, unknown>>): string {
    const citation = citationOf(annotation);
    return citation && this.open?.kind === 'text'
      ? this.delta(this.open.index, { type: 'citations_delta', citation })
      : '';
  }

  private openBlock(kind: Open['kind'], key: string, block: JsonRecord): string {
    if (this.open?.kind === kind && this.open.key === key) return '';
    const before = this.start() + this.closeOpen();
    const index = this.blocks++;
    this.open = { index, kind, key };
    return before + eventText('content_block_start', { index, content_block: block });
  }

  /** A block that comes in one piece. */
  private whole(block: JsonRecord): string {
    const before = this.start() + this.closeOpen();
    const index = this.blocks++;
    return (
      before +
      eventText('content_block_start', { index, content_block: block }) +
      eventText('content_block_stop', { index })
    );
  }

  private readonly delta = (index: number, delta: JsonRecord): string =>
    eventText('content_block_delta', { index, delta });

  private closeOpen(): string {
    if (!this.open) return '';
    const { index } = this.open;
    this.open = null;
    return eventText('content_block_stop', { index });
  }

  private closeAll(): string {
    const calls = [...this.calls.keys()].map((call) => this.endCall(call)).join('');
    return this.closeOpen() + calls;
  }
}
