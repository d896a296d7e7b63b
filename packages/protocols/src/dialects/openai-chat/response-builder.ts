import { Buffer } from 'node:buffer';
import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { imageOf, signatureDetail, textOfDetail } from './chunk-renderer.js';
import { renderUsage } from './render-usage.js';

interface ToolCallState {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

interface ChoiceState {
  readonly text: string[];
  readonly refusal: string[];
  readonly reasoning: ReasoningDetail[];
  readonly toolCalls: Map<number, ToolCallState>;
  readonly images: JsonRecord[];
  readonly annotations: unknown[];
  audio?: unknown;
  logprobs: unknown;
  finishReason: string | null;
  nativeFinishReason: string | null;
}

/** Collects events into a `chat.completion` body (spec 2.7). */
export class ResponseBuilder {
  private readonly choices = new Map<number, ChoiceState>();
  private systemFingerprint: string | null = null;
  private serviceTier: string | undefined;

  constructor(
    private readonly context: RenderContext,
    private readonly hideReasoning: boolean,
  ) {}

  add(event: CompletionEvent): void {
    if (event.type === 'start') {
      this.systemFingerprint = event.systemFingerprint ?? null;
      this.serviceTier = event.serviceTier;
    } else if ('choice' in event) this.addTo(this.choice(event.choice), event);
  }

  render(billing: Billing): Uint8Array {
    const body = {
      id: this.context.generationId,
      object: 'chat.completion',
      created: this.context.created,
      model: this.context.model,
      provider: this.context.providerName,
      system_fingerprint: this.systemFingerprint,
      ...(this.serviceTier !== undefined && { service_tier: this.serviceTier }),
      choices: [...this.choices].sort(([a], [b]) => a - b).map(([index, choice]) => this.renderChoice(index, choice)),
      usage: renderUsage(billing),
      ...routingField(this.context.routing),
    };
    return Buffer.from(JSON.stringify(body));
  }

  private addTo(choice: ChoiceState, event: CompletionEvent & { choice: number }): void {
    switch (event.type) {
      case 'text-delta':
        choice.text.push(event.text);
        break;
      case 'refusal-delta':
        choice.refusal.push(event.text);
        break;
      case 'reasoning-delta':
        addDetail(choice.reasoning, event.detail);
        break;
      case 'tool-call-start':
        choice.toolCalls.set(event.index, { id: event.id, name: event.name, arguments: '' });
        if (event.signature) choice.reasoning.push(signatureDetail(event.id, event.signature, event.index));
        break;
      case 'tool-call-delta': {
        const call = choice.toolCalls.get(event.index);
        if (call) call.arguments += event.arguments;
        break;
      }
      case 'image-delta':
        choice.images.push(imageOf(event.mediaType, event.data, choice.images.length));
        break;
      case 'audio-delta':
        choice.audio = event.audio;
        break;
      case 'annotation':
        choice.annotations.push(event.annotation);
        break;
      case 'logprobs':
        choice.logprobs = event.logprobs;
        break;
      case 'finish':
        choice.finishReason = event.reason;
        choice.nativeFinishReason = event.nativeReason;
        break;
      case 'tool-call-end':
        break;
    }
  }

  private choice(index: number): ChoiceState {
    const existing = this.choices.get(index);
    if (existing) return existing;
    const choice: ChoiceState = {
      text: [],
      refusal: [],
      reasoning: [],
      toolCalls: new Map(),
      images: [],
      annotations: [],
      logprobs: null,
      finishReason: null,
      nativeFinishReason: null,
    };
    this.choices.set(index, choice);
    return choice;
  }

  private renderChoice(index: number, choice: ChoiceState): JsonRecord {
    // Signatures of tool calls stay even where reasoning is hidden: without them the next turn is refused.
    const details = this.hideReasoning
      ? choice.reasoning.filter((detail) => isCallSignature(detail, choice))
      : choice.reasoning;
    const reasoning = details.map(textOfDetail).join('');
    const toolCalls = [...choice.toolCalls]
      .sort(([a], [b]) => a - b)
      .map(([, call]) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments || '{}' },
      }));
    return {
      index,
      logprobs: choice.logprobs,
      finish_reason: choice.finishReason,
      native_finish_reason: choice.nativeFinishReason,
      message: {
        role: 'assistant',
        content: choice.text.length > 0 ? choice.text.join('') : toolCalls.length > 0 ? null : '',
        refusal: choice.refusal.length > 0 ? choice.refusal.join('') : null,
        ...(reasoning && { reasoning }),
        ...(details.length > 0 && { reasoning_details: details }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        ...(choice.images.length > 0 && { images: choice.images }),
        ...(choice.audio !== undefined && { audio: choice.audio }),
        ...(choice.annotations.length > 0 && { annotations: choice.annotations }),
      },
    };
  }
}

const isCallSignature = (detail: ReasoningDetail, choice: ChoiceState): boolean =>
  detail.type === 'reasoning.encrypted' && choice.toolCalls.values().some((call) => call.id === detail.id);

/** Pieces of one detail (same kind, same index) grow together; a signature closes it. */
function addDetail(details: ReasoningDetail[], piece: ReasoningDetail): void {
  const last = details.at(-1);
  if (
    last?.type === 'reasoning.text' &&
    piece.type === 'reasoning.text' &&
    last.index === piece.index &&
    !last.signature
  )
    details[details.length - 1] = {
      ...last,
      ...piece,
      text: last.text + piece.text,
    };
  else if (last?.type === 'reasoning.summary' && piece.type === 'reasoning.summary' && last.index === piece.index)
    details[details.length - 1] = { ...last, ...piece, summary: last.summary + piece.summary };
  else details.push(piece);
}
