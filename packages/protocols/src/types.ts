import type {
  CatalogueEndpoint,
  ClientHeaders,
  CompletionEvent,
  CompletionRequest,
  DialectId,
  FinishReason,
  GatewayError,
  ProtocolId,
  RoutingMetadata,
  ToolCallVerdict,
  UpstreamFailure,
  Usage,
} from '@switchyard/contracts';
import type { Frame } from './frames/frame-reader.js';

/** What a protocol has to know about the endpoint that it renders for. */
export interface RenderTarget {
  readonly endpoint: CatalogueEndpoint;
  /**
   * The message field in which the provider takes the reasoning of earlier turns back (`reasoning_content` with DeepSeek). Absent:
   * it is left out, because OpenAI refuses messages with fields that it does not know.
   */
  readonly reasoningField?: string;
  /** What of the client's headers may concern a provider of its own format. */
  readonly clientHeaders?: ClientHeaders;
}

/** A file in a form for a provider. */
export interface UpstreamFile {
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** A request in an upstream's own format. The worker adds the base URL and the credentials. */
export interface UpstreamRequest {
  /** Relative to the provider's base URL, begins with a slash. */
  readonly path: string;
  /** Lower-case names; no credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
  /** With files the request is a form: the members of `body` are its fields. */
  readonly files?: readonly UpstreamFile[];
  /** OpenRouter names of parameters that the caller sent and this endpoint cannot take. */
  readonly dropped: readonly string[];
}

/**
 * Reads one upstream stream, frame by frame, without I/O: the state of one answer. After `end` it has given exactly one
 * `finish` per choice or one `error`, unless the stream was cut.
 */
export interface StreamReader {
  read(frame: Frame): CompletionEvent[];
  /** The input is over: what was kept back until now (usage, a finish that a later frame could have changed). */
  end(): CompletionEvent[];
  /** The upstream said that the answer is complete. False at the end of input means that the stream was cut. */
  readonly terminal: boolean;
  /** No frame after this one can add anything. */
  readonly done: boolean;
  /** Usage as far as it was reported, also when the stream was cut: input is exact, output a lower bound. */
  readonly partialUsage: Usage | null;
}

/** A wire format of upstreams: pure functions between canonical types and an upstream's bytes. */
export interface Protocol {
  readonly id: ProtocolId;
  renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest;
  /** A whole answer as events, in the order in which a stream would give them. Never throws: a broken answer is an `error` event. */
  parseResponse(body: unknown, provider?: string): CompletionEvent[];
  /** `provider` is the id of the provider that answers: where several make reasoning of one format, only its maker can read it. */
  createStreamReader(provider?: string): StreamReader;
  /** Events of a stream. A cut stream ends without `finish`; broken bytes end it with `error`. */
  parseStream(chunks: AsyncIterable<Uint8Array>, provider?: string): AsyncIterable<CompletionEvent>;
  /** `headers` are read by lower-case name. */
  parseError(status: number, headers: Readonly<Record<string, string>>, body: string): UpstreamFailure;
  /**
   * Where the answers are, to the byte, those of another protocol and its requests only differ: what clients of that format send
   * takes the short way here, too.
   */
  readonly derivation?: Derivation;
}

/** The same format under another roof: what a request of `base` has to become. */
export interface Derivation {
  readonly base: ProtocolId;
  /** Changes a request that the base has rendered, or that a client of its format has sent. Never the object that it is given. */
  adapt(upstream: UpstreamRequest, request: CompletionRequest, target: RenderTarget): UpstreamRequest;
  /** The base's own event out of the envelope in which it comes here. An event without envelope stays as it is. */
  readonly openFrame?: (frame: Frame) => Frame;
}

/** What all chunks and bodies of one generation have in common. */
export interface RenderContext {
  readonly generationId: string;
  /** Unix seconds. */
  readonly created: number;
  /** Public id of the model that answers. */
  readonly model: string;
  readonly providerName: string;
  /** `openrouter_metadata` for the end of the answer; absent for clients that did not ask. */
  readonly routing?: RoutingMetadata;
}

/** The events of one streamed answer in the form that a client reads. */
export interface StreamRenderer {
  /** The SSE text of an event; empty where the dialect has nothing to say. */
  render(event: CompletionEvent): string;
  /** What closes a stream that went well: usage with its cost, terminator. */
  end(billing: Billing): Uint8Array;
  /** The gateway ended the answer, and `end` says why: for dialects whose last event repeats how it ended. */
  stop?(reason: GatewayError): void;
}

/** Collects the events of a whole answer into one body. */
export interface ResponseRenderer {
  add(event: CompletionEvent): void;
  render(billing: Billing): Uint8Array;
}

/** The short way for a dialect whose clients and upstreams speak the same format: their own bytes, edited. */
export interface PassThrough {
  /** The protocol of the same format. */
  readonly protocol: ProtocolId;
  /** The client's own body after a shallow edit, so that unknown fields survive. */
  editRequest(request: CompletionRequest, body: Record<string, unknown>, target: RenderTarget): UpstreamRequest;
  createLane(options: LaneOptions): Lane;
}

/** A wire format of our clients. */
export interface Dialect {
  readonly id: DialectId;
  readonly passThrough?: PassThrough;
  createStreamRenderer(context: RenderContext, request: CompletionRequest): StreamRenderer;
  createResponseRenderer(context: RenderContext, request: CompletionRequest): ResponseRenderer;
  /** @throws GatewayError `invalid_request` whose message names the path of the fault. */
  parseRequest(body: unknown): CompletionRequest;
  renderError(error: GatewayError): { status: number; headers: Record<string, string>; body: object };
  /** The SSE events that end a stream that has begun, terminator included. */
  renderStreamError(error: GatewayError, context: RenderContext): Uint8Array;
  /**
   * The event with which the gateway itself ends a choice before its model did: finish reason `length`, and why. Absent where the
   * last event of an answer repeats what it had; see {@link stopsInLane}.
   */
  readonly renderStop?: (reason: GatewayError, context: RenderContext) => Uint8Array;
  /** Its answers are ended by {@link Lane.stop}, which knows what the client has. */
  readonly stopsInLane?: true;
  /** A comment that clients must ignore. */
  readonly keepAlive: Uint8Array;
}

/** What the usage of a generation cost, for the client's eyes. */
export interface Billing {
  readonly usage: Usage;
  /** What the customer is charged. */
  readonly costNanos: bigint;
  /** What it costs by the price list, where that is another figure: with an own key, or above what was held. Absent: `costNanos`. */
  readonly listCostNanos?: bigint;
  /** Parts of the list price. */
  readonly promptCostNanos: bigint;
  readonly completionCostNanos: bigint;
  /** A provider key of the customer's own served it: `costNanos` is the fee. */
  readonly isOwnKey?: boolean;
}

export interface LaneOptions {
  readonly dialect: DialectId;
  readonly protocol: ProtocolId;
  readonly context: RenderContext;
  readonly request: CompletionRequest;
  /** Id of the provider that answers. */
  readonly provider?: string;
  /** {@link Derivation.openFrame} of the protocol: for lanes that read the upstream's events themselves. */
  readonly openFrame?: Derivation['openFrame'];
  /** The gateway may end the answer: then the lane keeps in mind what the client has of it. */
  readonly mayStop?: boolean;
}

/** Live facts about an answer that passes through a lane. */
export interface LaneSummary {
  readonly usage: Usage | null;
  /** Usage as far as it was reported when the stream was cut: input exact, output a lower bound. */
  readonly partialUsage: Usage | null;
  /** The provider's own figure, where it gives one (decimal string). */
  readonly upstreamCostUsd: string | null;
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  readonly upstreamId: string | null;
  /** Characters of text, reasoning, refusals and tool arguments so far: what an estimate is made of. */
  readonly outputCharacters: number;
  /** The same in UTF-8 bytes, and how many calls of tools there were: what a meter reads. */
  readonly outputBytes: number;
  readonly toolCallCount: number;
  /** The upstream said that the answer is complete. */
  readonly terminal: boolean;
  readonly failure: UpstreamFailure | null;
  /** Whether every tool call could be run, and if not why (spec 3.5); null without tool calls. */
  readonly toolCalls: ToolCallVerdict | null;
}

/** One answer on its way from an upstream's bytes to the client's. */
export interface Lane {
  /**
   * Takes a piece of the upstream's stream, cut anywhere, and gives bytes that are ready for the client; null where there are none. There are none
   * before the first meaningful event, so that a fallback stays possible until then. Bad upstream bytes never throw, see
   * `summary.failure`.
   */
  push(bytes: Uint8Array): Uint8Array | null;
  /** The upstream has said its end, or nothing of it can be believed any more: the rest is not wanted. */
  readonly done: boolean;
  /** Once, when the input is over or {@link done}: what is left for the client. */
  finish(): Uint8Array | null;
  /** Reads a whole answer. */
  response(body: string): void;
  /** Media type of the answer, where it is neither JSON nor an event stream. */
  readonly contentType?: string;
  /** Whether a provider's stream of this media type can be one for this lane; absent: any but HTML. */
  accepts?(contentType: string | undefined): boolean;
  readonly summary: LaneSummary;
  /** The client has all that was given so far. */
  delivered?(): void;
  /** Ends an answer for the gateway's reason, finish reason `length`: what the client was not given is no part of it. */
  stop?(reason: GatewayError): Uint8Array;
  /** Usage chunk and terminator of a stream. */
  renderEnd(billing: Billing): Uint8Array;
  /** The whole body of an answer that `response` has read. */
  renderResponse(billing: Billing): Uint8Array;
}
