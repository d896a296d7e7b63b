import { Buffer } from 'node:buffer';
import type { CompletionEvent, CompletionRequest } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext, ResponseRenderer, StreamRenderer } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { finishReasonOf } from './finish-reason.js';
import { groundingOf } from './grounding.js';
import { PartMaker } from './parts.js';
import { renderUsage } from './render-usage.js';

const hidesThoughts = ({ reasoning }: CompletionRequest): boolean => reasoning?.exclude === true;

export const headOf = ({ generationId, model, providerName, created }: RenderContext): JsonRecord => ({
  modelVersion: model,
  responseId: generationId,
  createTime: new Date(created * 1000).toISOString(),
  provider: providerName,
});

export const sseOf = (response: JsonRecord): string => `data: ${JSON.stringify(response)}\r\n\r\n`;

/** Renders events as the chunks of `streamGenerateContent`; every chunk is a whole response. */
export class GeminiStreamRenderer implements StreamRenderer {
  private readonly makers = new Map<number, PartMaker>();
  private readonly annotations = new Map<number, JsonRecord[]>();
  private readonly head: JsonRecord;
  private readonly hideThoughts: boolean;

  constructor(
    private readonly context: RenderContext,
    request: CompletionRequest,
  ) {
    this.head = headOf(context);
    this.hideThoughts = hidesThoughts(request);
  }

  render(event: CompletionEvent): string {
    if (!('choice' in event)) return '';
    if (event.type === 'annotation') {
      this.annotations.set(event.choice, [...(this.annotations.get(event.choice) ?? []), event.annotation]);
      return '';
    }
    const parts = [...this.maker(event.choice).partsOf(event)];
    if (event.type === 'finish') return this.candidate(event.choice, parts, event);
    return parts.length > 0 ? this.candidate(event.choice, parts) : '';
  }

  end(billing: Billing): Uint8Array {
    return Buffer.from(
      sseOf({ ...this.head, usageMetadata: renderUsage(billing), ...routingField(this.context.routing) }),
    );
  }

  private candidate(index: number, parts: JsonRecord[], finish?: CompletionEvent & { type: 'finish' }): string {
    const grounding = finish && groundingOf(this.annotations.get(index) ?? []);
    const candidate = {
      index,
      content: { role: 'model', parts },
      ...(finish && { finishReason: finishReasonOf(finish.reason, finish.nativeReason) }),
      ...(grounding && { groundingMetadata: grounding }),
    };
    return sseOf({ candidates: [candidate], ...this.head });
  }

  private maker(choice: number): PartMaker {
    const known = this.makers.get(choice) ?? new PartMaker(this.hideThoughts);
    this.makers.set(choice, known);
    return known;
  }
}

interface Candidate {
  readonly maker: PartMaker;
  readonly parts: JsonRecord[];
  readonly annotations: JsonRecord[];
  finishReason: string;
}

/** Collects events into one `GenerateContentResponse`. */
export class GeminiResponseRenderer implements ResponseRenderer {
  private readonly candidates = new Map<number, Candidate>();
  private readonly hideThoughts: boolean;

  constructor(
    private readonly context: RenderContext,
    request: CompletionRequest,
  ) {
    this.hideThoughts = hidesThoughts(request);
  }

  add(event: CompletionEvent): void {
    if (!('choice' in event)) return;
    const candidate = this.candidate(event.choice);
    if (event.type === 'annotation') candidate.annotations.push(event.annotation);
    for (const part of candidate.maker.partsOf(event)) addPart(candidate.parts, part);
    if (event.type === 'finish') candidate.finishReason = finishReasonOf(event.reason, event.nativeReason);
  }

  render(billing: Billing): Uint8Array {
    const candidates = [...this.candidates]
      .sort(([a], [b]) => a - b)
      .map(([index, { parts, annotations, finishReason }]) => {
        const groundingMetadata = groundingOf(annotations);
        return {
          index,
          content: { role: 'model', parts },
          finishReason,
          ...(groundingMetadata && { groundingMetadata }),
        };
      });
    const body = { candidates, ...headOf(this.context), usageMetadata: renderUsage(billing) };
    return Buffer.from(JSON.stringify({ ...body, ...routingField(this.context.routing) }));
  }

  private candidate(choice: number): Candidate {
    const known = this.candidates.get(choice) ?? {
      maker: new PartMaker(this.hideThoughts),
      parts: [],
      annotations: [],
      finishReason: 'STOP',
    };
    this.candidates.set(choice, known);
    return known;
  }
}

/** Pieces of one text become one part; a signature closes a thought. */
function addPart(parts: JsonRecord[], part: JsonRecord): void {
  const last = parts.at(-1);
  const continues =
    last !== undefined &&
    typeof part['text'] === 'string' &&
    typeof last['text'] === 'string' &&
    part['thought'] === last['thought'] &&
    last['thoughtSignature'] === undefined &&
    // A signature of its own, not of the text before it.
    (part['thought'] === true || part['thoughtSignature'] === undefined);
  if (continues)
    parts[parts.length - 1] = { ...last, ...part, text: `${last['text'] as string}${part['text'] as string}` };
  else parts.push(part);
}
