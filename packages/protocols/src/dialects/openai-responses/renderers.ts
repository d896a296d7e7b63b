import { Buffer } from 'node:buffer';
import type { CompletionEvent, CompletionRequest, FinishReason, GatewayError } from '@switchyard/contracts';
import type { JsonRecord } from '../../json.js';
import type { Billing, RenderContext, ResponseRenderer, StreamRenderer } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { ResponseOutput } from './output.js';
import type { OutputEvent } from './output.js';
import { endOf, renderUsage, responseObject } from './response-object.js';

const suffixOf = ({ generationId }: RenderContext): string => generationId.slice(generationId.lastIndexOf('-') + 1);
const outputOf = (context: RenderContext, { reasoning }: CompletionRequest): ResponseOutput =>
  new ResponseOutput(suffixOf(context), reasoning?.exclude === true);

/** Renders events as `response.created` … `response.completed`, numbered. */
export class ResponsesStreamRenderer implements StreamRenderer {
  private readonly output: ResponseOutput;
  private readonly echo: Readonly<JsonRecord>;
  private sequence = 0;
  private finish: FinishReason | null = null;
  private stopReason: GatewayError | null = null;

  constructor(
    private readonly context: RenderContext,
    request: CompletionRequest,
  ) {
    this.output = outputOf(context, request);
    this.echo = request.echo ?? {};
  }

  render(event: CompletionEvent): string {
    if (!('choice' in event) || event.choice !== 0) return '';
    if (event.type === 'finish') this.finish = event.reason;
    const events = [...this.output.add(event)];
    return events.length === 0 && event.type !== 'finish' ? '' : this.begin() + this.textOf(events);
  }

  stop(reason: GatewayError): void {
    this.stopReason = reason;
  }

  end(billing: Billing): Uint8Array {
    const ending = endOf(this.finish, this.context, this.stopReason);
    const head = this.begin() + this.textOf(this.output.closeAll());
    const response = responseObject(this.context, this.echo, {
      ...ending,
      output: this.output.items,
      usage: renderUsage(billing),
      ...routingField(this.context.routing),
    });
    return Buffer.from(
      `${head}${this.textOf([{ type: `response.${String(ending['status'])}`, response }])}data: [DONE]\n\n`,
    );
  }

  private begin(): string {
    if (this.sequence > 0) return '';
    const response = responseObject(this.context, this.echo, {});
    return this.textOf([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  private textOf(events: Iterable<OutputEvent>): string {
    let text = '';
    for (const { type, ...fields } of events)
      text += `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.sequence++, ...fields })}\n\n`;
    return text;
  }
}

/** Collects events into a `response`. */
export class ResponsesRenderer implements ResponseRenderer {
  private readonly output: ResponseOutput;
  private readonly echo: Readonly<JsonRecord>;
  private finish: FinishReason | null = null;

  constructor(
    private readonly context: RenderContext,
    request: CompletionRequest,
  ) {
    this.output = outputOf(context, request);
    this.echo = request.echo ?? {};
  }

  add(event: CompletionEvent): void {
    if (!('choice' in event) || event.choice !== 0) return;
    if (event.type === 'finish') this.finish = event.reason;
    // The events of a stream are of no use here; drawing them moves the items on.
    Array.from(this.output.add(event));
  }

  render(billing: Billing): Uint8Array {
    Array.from(this.output.closeAll());
    const response = responseObject(this.context, this.echo, {
      ...endOf(this.finish, this.context),
      output: this.output.items,
      usage: renderUsage(billing),
      ...routingField(this.context.routing),
    });
    return Buffer.from(JSON.stringify(response));
  }
}
