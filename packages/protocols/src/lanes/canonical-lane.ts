import { Buffer } from 'node:buffer';
import type { CompletionEvent, GatewayError } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { encodeBinaryText } from '../frames/binary-text.js';
import type { Frame } from '../frames/frame-reader.js';
import { parseJson } from '../json.js';
import type {
  Billing,
  Dialect,
  Lane,
  LaneOptions,
  Protocol,
  ResponseRenderer,
  StreamReader,
  StreamRenderer,
} from '../types.js';
import { FrameLane } from './frame-lane.js';
import { isMeaningful } from './meaningful.js';
import { SummaryKeeper } from './summary-keeper.js';

/** Any protocol to any dialect, through canonical events. */
export class CanonicalLane extends FrameLane implements Lane {
  protected readonly reader: StreamReader;
  protected readonly keeper: SummaryKeeper;
  private chunks: StreamRenderer;
  /** Has rendered what the client has, and nothing else. */
  private readonly heard: StreamRenderer | null;
  private unheard: CompletionEvent[] = [];
  private readonly body: ResponseRenderer;
  private readonly hideReasoning: boolean;
  private readonly provider: string | undefined;

  constructor(
    private readonly protocol: Protocol,
    dialect: Dialect,
    { context, request, provider, mayStop = false }: LaneOptions,
  ) {
    super();
    this.hideReasoning = request.reasoning?.exclude === true;
    this.provider = provider;
    this.reader = protocol.createStreamReader(provider);
    this.keeper = new SummaryKeeper(request, this.reader);
    this.chunks = dialect.createStreamRenderer(context, request);
    this.heard = mayStop && dialect.stopsInLane ? dialect.createStreamRenderer(context, request) : null;
    this.body = dialect.createResponseRenderer(context, request);
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

  protected pass(frame: Frame): void {
    this.write(this.reader.read(frame));
  }

  protected close(): void {
    this.write(this.reader.end());
  }

  private write(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      if (isMeaningful(event, this.hideReasoning)) this.gate.open();
      if (this.heard) this.unheard.push(event);
      this.gate.write(encodeBinaryText(this.chunks.render(event)));
    }
  }
}
