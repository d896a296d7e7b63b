import { Buffer } from 'node:buffer';
import type { CompletionEvent, CompletionRequest } from '@switchyard/contracts';
import { failureOf } from '../../failures/failure.js';
import { encodeBinaryText } from '../../frames/binary-text.js';
import type { Frame } from '../../frames/frame-reader.js';
import { parseResponse } from '../../gemini/response.js';
import { GeminiStreamReader } from '../../gemini/stream.js';
import { isRecord, parseJson, recordOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { FrameLane } from '../../lanes/frame-lane.js';
import { isMeaningful } from '../../lanes/meaningful.js';
import { SummaryKeeper } from '../../lanes/summary-keeper.js';
import type { Billing, Lane, LaneOptions, RenderContext } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { oneLine } from './one-line.js';
import { renderUsage } from './render-usage.js';
import { sseOf } from './renderers.js';

/** A quote inside a text is escaped, so these can only be keys of the response itself. */
const MODEL = /"modelVersion"\s*:\s*"[^"\\]*"/;
const RESPONSE = /"responseId"\s*:\s*"[^"\\]*"/;

/** Google's format to Google's format: chunks go through as they are, but for the names of model and response. */
export class GeminiPassThroughLane extends FrameLane implements Lane {
  protected readonly reader = new GeminiStreamReader();
  protected readonly keeper: SummaryKeeper;
  private readonly context: RenderContext;
  private readonly names: { readonly model: string; readonly response: string };
  private readonly hideThoughts: boolean;
  private body: JsonRecord = {};

  constructor({ context, request }: LaneOptions) {
    super();
    this.context = context;
    this.hideThoughts = hides(request);
    this.keeper = new SummaryKeeper(request, this.reader);
    this.names = {
      model: encodeBinaryText(`"modelVersion":${JSON.stringify(context.model)}`),
      response: encodeBinaryText(`"responseId":${JSON.stringify(context.generationId)}`),
    };
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
    return Buffer.from(
      sseOf({ ...this.named(), usageMetadata: renderUsage(billing), ...routingField(this.context.routing) }),
    );
  }

  renderResponse(billing: Billing): Uint8Array {
    const usageMetadata = { ...recordOf(this.body['usageMetadata']), ...renderUsage(billing) };
    return Buffer.from(
      JSON.stringify({ ...this.body, ...this.named(), usageMetadata, ...routingField(this.context.routing) }),
    );
  }

  protected pass(frame: Frame): void {
    const events = this.reader.read(frame);
    this.observe(events);
    if (this.keeper.failure || frame.data === '' || frame.data === '[DONE]' || frame.partial) return;
    const data = frame.data.replace(MODEL, () => this.names.model).replace(RESPONSE, () => this.names.response);
    this.gate.write(`data: ${oneLine(data)}\r\n\r\n`);
  }

  private named(): JsonRecord {
    const { generationId, model, providerName } = this.context;
    return { modelVersion: model, responseId: generationId, provider: providerName };
  }

  protected close(): void {
    this.observe(this.reader.end());
  }

  private observe(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      // Google finishes in the last chunk with text, and tells so only at the end: that alone opens nothing.
      if (isMeaningful(event, this.hideThoughts)) this.gate.open();
    }
  }
}

const hides = ({ reasoning }: CompletionRequest): boolean => reasoning?.exclude === true;
