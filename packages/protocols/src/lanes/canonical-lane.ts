import { Buffer } from 'node:buffer';
import type { CompletionEvent, GatewayError, UpstreamFailure } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { encodeBinaryText } from '../frames/binary-text.js';
import { FrameReader } from '../frames/frame-reader.js';
import { parseJson } from '../json.js';
import type {
  Billing,
  Dialect,
  Lane,
  LaneOptions,
  LaneSummary,
  Protocol,
  ResponseRenderer,
  StreamReader,
  StreamRenderer,
} from '../types.js';
import { isMeaningful } from './meaningful.js';
import { OutputGate } from './output-gate.js';
import { SummaryKeeper } from './summary-keeper.js';

/** Any protocol to any dialect, through canonical events. */
export class CanonicalLane implements Lane {
  private readonly reader: StreamReader;
  private readonly keeper: SummaryKeeper;
  private chunks: StreamRenderer;
  /** Has rendered what the client has, and nothing else. */
  private readonly heard: StreamRenderer | null;
  private unheard: CompletionEvent[] = [];
  private readonly body: ResponseRenderer;
  private readonly gate = new OutputGate();
  private readonly hideReasoning: boolean;
  private readonly provider: string | undefined;

  constructor(
    private readonly protocol: Protocol,
    dialect: Dialect,
    { context, request, provider, mayStop = false }: LaneOptions,
  ) {
    this.hideReasoning = request.reasoning?.exclude === true;
    this.provider = provider;
    this.reader = protocol.createStreamReader(provider);
    this.keeper = new SummaryKeeper(request, this.reader);
    this.chunks = dialect.createStreamRenderer(context, request);
    this.heard = mayStop && dialect.stopsInLane ? dialect.createStreamRenderer(context, request) : null;
    this.body = dialect.createResponseRenderer(context, request);
  }

  get summary(): LaneSummary {
    return this.keeper;
  }

  async *stream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const frames = new FrameReader();
    for await (const chunk of chunks) {
      for (const frame of frames.push(chunk)) if (!this.reader.done) this.write(this.reader.read(frame));
      this.fail(frames.failure);
      const bytes = this.gate.take();
      if (bytes) yield bytes;
      if (this.reader.done || this.keeper.failure) break;
    }
    if (!this.reader.done && !this.keeper.failure) {
      for (const frame of frames.end()) this.write(this.reader.read(frame));
      this.fail(frames.failure);
      this.write(this.reader.end());
    }
    const rest = this.gate.take();
    if (rest) yield rest;
  }

  response(body: string): void {
    const json = parseJson(body);
    const events: readonly CompletionEvent[] = json
      ? this.protocol.parseResponse(json.value, this.provider)
      : [{ type: 'error', failure: failureOf('upstream_invalid_response', { raw: body }) }];
    for (const event of events) {
      this.keeper.observe(event);
      this.body.add(event);
    }
    this.keeper.markWhole();
  }

  delivered(): void {
    for (const event of this.unheard) this.heard?.render(event);
    this.unheard = [];
  }

  stop(reason: GatewayError): Uint8Array {
    if (!this.heard) return Buffer.alloc(0);
    this.chunks = this.heard;
    this.chunks.stop?.(reason);
    return Buffer.from(this.chunks.render({ type: 'finish', choice: 0, reason: 'length', nativeReason: null }));
  }

  renderEnd(billing: Billing): Uint8Array {
    return this.chunks.end(billing);
  }

  renderResponse(billing: Billing): Uint8Array {
    return this.body.render(billing);
  }

  private write(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      if (isMeaningful(event, this.hideReasoning)) this.gate.open();
      if (this.heard) this.unheard.push(event);
      this.gate.write(encodeBinaryText(this.chunks.render(event)));
    }
  }

  private fail(failure: UpstreamFailure | null): void {
    if (failure && !this.keeper.terminal) this.keeper.observe({ type: 'error', failure });
  }
}
