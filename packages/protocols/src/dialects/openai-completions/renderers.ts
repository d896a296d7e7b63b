import { Buffer } from 'node:buffer';
import type { CompletionEvent } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext, ResponseRenderer, StreamRenderer } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { textOfDetail } from '../openai-chat/chunk-renderer.js';
import { renderUsage } from '../openai-chat/render-usage.js';
import { joinLogprobs, LogprobsMaker } from './logprobs.js';

export const headOf = ({ generationId: id, created, model, providerName: provider }: RenderContext): JsonRecord => ({
  id,
  object: 'text_completion',
  created,
  model,
  provider,
});

/** Renders events as `text_completion` chunks. */
export class CompletionStreamRenderer implements StreamRenderer {
  private readonly logprobs = new Map<number, LogprobsMaker>();
  private readonly head: JsonRecord;

  constructor(
    private readonly context: RenderContext,
    private readonly hideReasoning: boolean,
  ) {
    this.head = headOf(context);
  }

  render(event: CompletionEvent): string {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        return event.text === '' ? '' : this.chunk(event.choice, { text: event.text });
      case 'reasoning-delta': {
        const reasoning = textOfDetail(event.detail);
        return reasoning === '' || this.hideReasoning ? '' : this.chunk(event.choice, { text: '', reasoning });
      }
      case 'logprobs': {
        const maker = this.logprobs.get(event.choice) ?? new LogprobsMaker();
        this.logprobs.set(event.choice, maker);
        return this.chunk(event.choice, { text: '', logprobs: maker.of(event.logprobs) });
      }
      case 'finish':
        return this.chunk(event.choice, {
          text: '',
          finish_reason: event.reason,
          native_finish_reason: event.nativeReason,
        });
      default:
        return '';
    }
  }

  end(billing: Billing): Uint8Array {
    const { routing } = this.context;
    const last = { ...this.head, choices: [], usage: renderUsage(billing), ...routingField(routing) };
    return Buffer.from(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
  }

  private chunk(index: number, fields: JsonRecord): string {
    const choice = { index, logprobs: null, finish_reason: null, ...fields };
    return `data: ${JSON.stringify({ ...this.head, choices: [choice] })}\n\n`;
  }
}

interface Choice {
  text: string;
  reasoning: string;
  logprobs: JsonRecord | null;
  readonly maker: LogprobsMaker;
  finishReason: string | null;
  nativeFinishReason: string | null;
}

/** Collects events into a `text_completion`. */
export class CompletionRenderer implements ResponseRenderer {
  private readonly choices = new Map<number, Choice>();

  constructor(
    private readonly context: RenderContext,
    private readonly hideReasoning: boolean,
  ) {}

  add(event: CompletionEvent): void {
    if (!('choice' in event)) return;
    const choice = this.choice(event.choice);
    if (event.type === 'text-delta' || event.type === 'refusal-delta') choice.text += event.text;
    else if (event.type === 'reasoning-delta' && !this.hideReasoning) choice.reasoning += textOfDetail(event.detail);
    else if (event.type === 'logprobs')
      choice.logprobs = joinLogprobs(choice.logprobs, choice.maker.of(event.logprobs));
    else if (event.type === 'finish') {
      choice.finishReason = event.reason;
      choice.nativeFinishReason = event.nativeReason;
    }
  }

  render(billing: Billing): Uint8Array {
    const choices = [...this.choices]
      .sort(([a], [b]) => a - b)
      .map(([index, { text, reasoning, logprobs, finishReason, nativeFinishReason }]) => ({
        index,
        text,
        ...(reasoning && { reasoning }),
        logprobs,
        finish_reason: finishReason,
        native_finish_reason: nativeFinishReason,
      }));
    const body = { ...headOf(this.context), choices, usage: renderUsage(billing) };
    return Buffer.from(JSON.stringify({ ...body, ...routingField(this.context.routing) }));
  }

  private choice(index: number): Choice {
    const known = this.choices.get(index) ?? {
      text: '',
      reasoning: '',
      logprobs: null,
      maker: new LogprobsMaker(),
      finishReason: null,
      nativeFinishReason: null,
    };
    this.choices.set(index, known);
    return known;
  }
}
