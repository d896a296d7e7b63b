import { Buffer } from 'node:buffer';
import type { CompletionEvent } from '@switchyard/contracts';
import { failureOf } from '../../failures/failure.js';
import { encodeBinaryText } from '../../frames/binary-text.js';
import { frameJson } from '../../frames/frame-reader.js';
import type { Frame } from '../../frames/frame-reader.js';
import { isRecord, parseJson, recordOf, textOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { FrameLane } from '../../lanes/frame-lane.js';
import { isMeaningful } from '../../lanes/meaningful.js';
import { SummaryKeeper } from '../../lanes/summary-keeper.js';
import { parseResponse } from '../../openai-responses/response.js';
import { ResponsesStreamReader } from '../../openai-responses/stream.js';
import type { Billing, Lane, LaneOptions } from '../../types.js';
import { ResponsesStreamRenderer } from './renderers.js';
import { ResponseEditor } from './response-edit.js';

/** What a model says itself; everything else is a tool that the provider runs. */
const OWN_ITEMS: readonly unknown[] = ['message', 'reasoning', 'function_call', undefined];

/**
 * The Responses API to the Responses API: events go through byte by byte, those of hosted tools and of items that nobody here
 * knows included. Only events that repeat the response are written anew, and reasoning items where their maker must be named.
 * The last event is held back until the cost is known.
 */
export class ResponsesPassThroughLane extends FrameLane implements Lane {
  protected readonly reader: ResponsesStreamReader;
  protected readonly keeper: SummaryKeeper;
  private readonly editor: ResponseEditor;
  private readonly hideReasoning: boolean;
  private sequence = 0;
  private last: JsonRecord | null = null;
  /** Writes the events where the upstream sent none: it ignored `stream`. */
  private renderer: ResponsesStreamRenderer | null = null;
  private body: JsonRecord = {};

  constructor(private readonly options: LaneOptions) {
    super();
    const { context, request, provider } = options;
    this.hideReasoning = request.reasoning?.exclude === true;
    this.reader = new ResponsesStreamReader(provider);
    this.keeper = new SummaryKeeper(request, this.reader);
    this.editor = new ResponseEditor(context, request, provider);
  }

  response(text: string): void {
    const json = parseJson(text);
    this.observe(
      json
        ? parseResponse(json.value, this.options.provider)
        : [{ type: 'error', failure: failureOf('upstream_invalid_response', { raw: text }) }],
    );
    this.keeper.markWhole();
    if (isRecord(json?.value)) this.body = json.value;
  }

  renderEnd(billing: Billing): Uint8Array {
    if (this.renderer) return this.renderer.end(billing);
    const last = this.last ?? {};
    const response = this.editor.editResponse(recordOf(last['response']), billing);
    const event = { ...last, response, sequence_number: this.sequence };
    return Buffer.from(`event: ${String(last['type'])}\ndata: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
  }

  renderResponse(billing: Billing): Uint8Array {
    return Buffer.from(JSON.stringify(this.editor.editResponse(this.body, billing)));
  }

  protected pass(frame: Frame): void {
    const json = frame.data === '' ? undefined : frameJson(frame);
    const events = json ? this.reader.readValue(json.value, frame) : this.reader.read(frame);
    this.observe(events);
    if (this.keeper.failure || !isRecord(json?.value)) return;
    const event = json.value;
    const type = textOf(event['type']) ?? frame.event;
    if (type === undefined) this.renderWhole(events);
    else if (!this.editor.isHidden(type, event)) this.write(type, event, frame);
  }

  private write(type: string, event: JsonRecord, frame: Frame): void {
    if (this.reader.terminal) {
      this.last = { ...event, type };
      return;
    }
    if (type === 'response.output_item.added' && !OWN_ITEMS.includes(recordOf(event['item'])['type'])) this.gate.open();
    const edited = this.edited(event);
    const sequence = this.sequence++;
    const isWhole = edited === event && event['sequence_number'] === sequence && !frame.data.includes('\n');
    const data = isWhole
      ? frame.data
      : encodeBinaryText(JSON.stringify({ ...edited, type, sequence_number: sequence }));
    this.gate.write(`event: ${encodeBinaryText(type.replaceAll(/[\r\n]/g, ''))}\ndata: ${data}\n\n`);
  }

  private edited(event: JsonRecord): JsonRecord {
    if (isRecord(event['response'])) return { ...event, response: this.editor.editResponse(event['response'], null) };
    if (!isRecord(event['item'])) return event;
    const item = this.editor.editItem(event['item']);
    return item === event['item'] ? event : { ...event, item };
  }

  private renderWhole(events: readonly CompletionEvent[]): void {
    if (events.length === 0) return;
    this.renderer ??= new ResponsesStreamRenderer(this.options.context, this.options.request);
    for (const event of events) this.gate.write(encodeBinaryText(this.renderer.render(event)));
  }

  protected close(): void {
    // Its own events say what there is to say.
  }

  private observe(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      if (isMeaningful(event, this.hideReasoning)) this.gate.open();
    }
  }
}
