import { Buffer } from 'node:buffer';
import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { renderUsage } from './render-usage.js';

/** The text of a reasoning detail that people can read. */
export const textOfDetail = (detail: ReasoningDetail): string =>
  detail.type === 'reasoning.text' ? detail.text : detail.type === 'reasoning.summary' ? detail.summary : '';

/** Gemini's signature of a tool call as a detail that names the call: so that it survives clients that know only OpenAI's form. */
export const signatureDetail = (id: string, data: string, index: number): ReasoningDetail => ({
  type: 'reasoning.encrypted',
  data,
  id,
  index,
  format: 'google-gemini-v1',
});

export const imageOf = (mediaType: string, data: string, index: number): JsonRecord => ({
  type: 'image_url',
  index,
  image_url: { url: `data:${mediaType};base64,${data}` },
});

/** Renders events as `chat.completion.chunk` (spec 2.9). */
export class ChunkRenderer {
  private readonly head: string;
  private extra = '';
  private readonly begun = new Set<number>();
  private images = 0;

  constructor(
    private readonly context: RenderContext,
    /** The caller does not want to see reasoning. */
    private readonly hideReasoning: boolean,
  ) {
    const fields = {
      id: context.generationId,
      object: 'chat.completion.chunk',
      created: context.created,
      model: context.model,
      provider: context.providerName,
    };
    this.head = `data: ${JSON.stringify(fields).slice(0, -1)}`;
  }

  /** The SSE text of an event; empty where the dialect has nothing to say. */
  render(event: CompletionEvent): string {
    switch (event.type) {
      case 'start':
        this.extra = extraFields(event);
        return '';
      case 'text-delta':
        return event.text === '' ? '' : this.chunk(event.choice, { content: event.text });
      case 'reasoning-delta':
        return this.hideReasoning ? '' : this.chunk(event.choice, reasoningDelta(event.detail));
      case 'refusal-delta':
        return this.chunk(event.choice, { refusal: event.text });
      case 'tool-call-start':
        return this.chunk(event.choice, toolCallDelta(event));
      case 'tool-call-delta':
        return this.chunk(event.choice, {
          tool_calls: [{ index: event.index, function: { arguments: event.arguments } }],
        });
      case 'image-delta':
        return this.chunk(event.choice, { images: [imageOf(event.mediaType, event.data, this.images++)] });
      case 'audio-delta':
        return this.chunk(event.choice, { audio: event.audio });
      case 'annotation':
        return this.chunk(event.choice, { annotations: [event.annotation] });
      case 'logprobs':
        return this.chunk(event.choice, {}, { logprobs: event.logprobs });
      case 'finish':
        return this.chunk(event.choice, {}, {}, event);
      default:
        return '';
    }
  }

  /** The usage chunk and `[DONE]`. */
  end(billing: Billing): Uint8Array {
    const last = { choices: [], usage: renderUsage(billing), ...routingField(this.context.routing) };
    return Buffer.from(`${this.head}${this.extra},${JSON.stringify(last).slice(1)}\n\ndata: [DONE]\n\n`);
  }

  /** A choice whose first delta was rendered elsewhere. */
  markBegun(choice: number): void {
    this.begun.add(choice);
  }

  private chunk(
    index: number,
    delta: JsonRecord,
    fields: JsonRecord = {},
    finish?: { readonly reason: string; readonly nativeReason: string | null },
  ): string {
    // The first delta of a choice says who speaks; an empty content beside it keeps clients happy that expect a string.
    const first = this.begun.has(index) ? {} : { role: 'assistant', content: '' };
    this.begun.add(index);
    const choice = {
      index,
      delta: { ...first, ...delta },
      finish_reason: finish?.reason ?? null,
      ...(finish && { native_finish_reason: finish.nativeReason }),
      ...fields,
    };
    return `${this.head}${this.extra},"choices":[${JSON.stringify(choice)}]}\n\n`;
  }
}

function extraFields({ systemFingerprint, serviceTier }: CompletionEvent & { type: 'start' }): string {
  const fields = {
    ...(systemFingerprint && { system_fingerprint: systemFingerprint }),
    ...(serviceTier && { service_tier: serviceTier }),
  };
  return Object.keys(fields).length > 0 ? `,${JSON.stringify(fields).slice(1, -1)}` : '';
}

function reasoningDelta(detail: ReasoningDetail): JsonRecord {
  const text = textOfDetail(detail);
  return { ...(text && { reasoning: text }), reasoning_details: [detail] };
}

function toolCallDelta(event: CompletionEvent & { type: 'tool-call-start' }): JsonRecord {
  const { index, id, name, signature } = event;
  return {
    tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
    ...(signature && { reasoning_details: [signatureDetail(id, signature, index)] }),
  };
}
