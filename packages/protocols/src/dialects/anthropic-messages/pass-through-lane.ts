import { Buffer } from 'node:buffer';
import type { CompletionEvent } from '@switchyard/contracts';
import { parseResponse } from '../../anthropic-messages/response.js';
import { AnthropicStreamReader } from '../../anthropic-messages/stream.js';
import { failureOf } from '../../failures/failure.js';
import { encodeBinaryText } from '../../frames/binary-text.js';
import { frameJson } from '../../frames/frame-reader.js';
import type { Frame } from '../../frames/frame-reader.js';
import { isRecord, parseJson, recordOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { FrameLane } from '../../lanes/frame-lane.js';
import { isMeaningful } from '../../lanes/meaningful.js';
import { SummaryKeeper } from '../../lanes/summary-keeper.js';
import type { Billing, Lane, LaneOptions, RenderContext } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { renderUsage } from './render-usage.js';

/**
 * Anthropic's format to Anthropic's format: events go through byte by byte. Only the first, which names the message, and the
 * last, which bring usage and stop reason, are written anew; blocks of Anthropic's own tools pass as they are.
 */
export class MessagesPassThroughLane extends FrameLane implements Lane {
  protected readonly reader = new AnthropicStreamReader();
  protected readonly keeper: SummaryKeeper;
  private readonly context: RenderContext;
  private ending: { readonly delta: JsonRecord; readonly rest: JsonRecord } = { delta: {}, rest: {} };
  private body: JsonRecord = {};
  private upstreamUsage: JsonRecord = {};
  private readonly openFrame: (frame: Frame) => Frame;

  constructor({ context, request, openFrame = (frame) => frame }: LaneOptions) {
    super();
    this.context = context;
    this.openFrame = openFrame;
    this.keeper = new SummaryKeeper(request, this.reader);
  }

  response(text: string): void {
    const json = parseJson(text);
    this.observe(
      json
        ? parseResponse(json.value)
        : [{ type: 'error', failure: failureOf('upstream_invalid_response', { raw: text }) }],
    );
    this.keeper.markWhole();
    if (isRecord(json?.value)) this.body = json.value;
  }

  renderEnd(billing: Billing): Uint8Array {
    const { delta, rest } = this.ending;
    const usage = { ...this.upstreamUsage, ...renderUsage(billing) };
    const last = {
      type: 'message_delta',
      ...rest,
      delta: { stop_reason: 'end_turn', stop_sequence: null, ...delta },
      usage,
    };
    const stop = { type: 'message_stop', ...routingField(this.context.routing) };
    return Buffer.from(
      `event: message_delta\ndata: ${JSON.stringify(last)}\n\nevent: message_stop\ndata: ${JSON.stringify(stop)}\n\n`,
    );
  }

  renderResponse(billing: Billing): Uint8Array {
    const usage = { ...recordOf(this.body['usage']), ...renderUsage(billing) };
    return Buffer.from(JSON.stringify({ ...this.named(this.body), usage, ...routingField(this.context.routing) }));
  }

  protected pass(received: Frame): void {
    const frame = this.openFrame(received);
    const events = this.reader.read(frame);
    this.observe(events);
    if (this.keeper.failure || frame.data === '') return;
    const type = frame.event ?? typeOf(frame);
    if (type === 'message_stop' || type === 'error') return;
    if (type === 'message_start' || type === 'message_delta' || type === 'message') this.rewrite(frame, type);
    else if (type !== undefined) this.gate.write(`event: ${type}\ndata: ${frame.data}\n\n`);
  }

  private rewrite(frame: Frame, type: string): void {
    const value = recordOf(frameJson(frame)?.value);
    if (type === 'message_start') {
      const message = this.named(recordOf(value['message']));
      this.upstreamUsage = recordOf(message['usage']);
      this.gate.write(`event: message_start\ndata: ${encodeBinaryText(JSON.stringify({ ...value, message }))}\n\n`);
      return;
    }
    const { delta, usage, type: _type, ...rest } = value;
    // Held back: the cost is known only when the answer is over.
    this.ending = { delta: { ...this.ending.delta, ...recordOf(delta) }, rest: { ...this.ending.rest, ...rest } };
    this.upstreamUsage = { ...this.upstreamUsage, ...recordOf(usage) };
  }

  private named(message: JsonRecord): JsonRecord {
    const { generationId: id, model, providerName: provider } = this.context;
    return { ...message, id, model, provider };
  }

  protected close(): void {
    this.observe(this.reader.end());
  }

  private observe(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      if (isMeaningful(event, false)) this.gate.open();
    }
  }
}

const typeOf = (frame: Frame): string | undefined => {
  const type = recordOf(frameJson(frame)?.value)['type'];
  return typeof type === 'string' ? type : undefined;
};
