import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { isRecord, parseJson } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { isOwn, signatureOf } from './signatures.js';

interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly signature: string | undefined;
  arguments: string;
}

/** Turns the events of one candidate into parts. A function call is one part, so its pieces are put together here. */
export class PartMaker {
  private readonly calls = new Map<number, OpenCall>();
  private hidden = '';

  constructor(private readonly hideThoughts: boolean) {}

  *partsOf(event: CompletionEvent): Generator<JsonRecord> {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        if (event.text !== '') yield { text: event.text };
        break;
      case 'reasoning-delta':
        yield* this.thought(event.detail);
        break;
      case 'tool-call-start':
        this.calls.set(event.index, { id: event.id, name: event.name, signature: event.signature, arguments: '' });
        break;
      case 'tool-call-delta': {
        const call = this.calls.get(event.index);
        if (call) call.arguments += event.arguments;
        break;
      }
      case 'tool-call-end':
        yield* this.endCall(event.index);
        break;
      case 'image-delta':
        yield { inlineData: { mimeType: event.mediaType, data: event.data } };
        break;
      case 'audio-delta':
        if (typeof event.audio['data'] === 'string')
          yield { inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: event.audio['data'] } };
        break;
      case 'finish':
        for (const index of this.calls.keys()) yield* this.endCall(index);
        break;
    }
  }

  /** Text is for those who asked for it; what its maker wants back travels with everybody. */
  private *thought(detail: ReasoningDetail): Generator<JsonRecord> {
    if (detail.type === 'reasoning.encrypted') {
      yield { text: '', thoughtSignature: isOwn(detail) ? detail.data : signatureOf(detail) };
      return;
    }
    const text = detail.type === 'reasoning.text' ? detail.text : detail.summary;
    const signature = detail.type === 'reasoning.text' ? detail.signature : undefined;
    const shown = this.hideThoughts ? '' : text;
    if (this.hideThoughts) this.hidden += text;
    if (!signature) {
      if (shown !== '') yield { text: shown, thought: true };
      return;
    }
    // A signature covers its whole text: what the client was not shown travels inside the wrapper.
    const unseen: ReasoningDetail = { ...detail, type: 'reasoning.text', text: this.hidden };
    this.hidden = '';
    yield { text: shown, thought: true, thoughtSignature: isOwn(detail) ? signature : signatureOf(unseen) };
  }

  private *endCall(index: number): Generator<JsonRecord> {
    const call = this.calls.get(index);
    if (!call) return;
    this.calls.delete(index);
    yield {
      functionCall: { id: call.id, name: call.name, args: argumentsOf(call.arguments) },
      ...(call.signature !== undefined && { thoughtSignature: call.signature }),
    };
  }
}

/** `args` is an object; what a model broke is passed on as the text that it is. */
function argumentsOf(text: string): JsonRecord {
  if (text.trim() === '') return {};
  const value = parseJson(text)?.value;
  return isRecord(value) ? value : { invalid_arguments: text };
}
