import type { JsMsg } from '@nats-io/jetstream';
import { incomingContext } from '../rpc/headers.js';
import { type BundledMessage, bundledIn } from './bundle.js';

/** A message of a batch. Settling it twice does nothing the second time. */
export interface JetStreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /** What its publisher named it by; empty when a stranger published it without a name. */
  readonly messageId: string;
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  /** Messages of the consumer that were not delivered yet when this one was. */
  readonly pending: number;
  /** The trace that the message was published in, for `runWithTraceHeaders`. */
  readonly traceHeaders: Readonly<Record<string, string>>;
  ack(): void;
  /** Asks for it again, after `delayMs`. */
  nak(delayMs?: number): void;
  /** Never again. */
  term(): void;
}

/** The broker's own header. */
const MESSAGE_ID = 'Nats-Msg-Id';

/** How a handler settled a message; what it left open is settled by how the handler ended. */
type Verdict = { kind: 'open' } | { kind: 'ack' } | { kind: 'nak'; delayMs: number } | { kind: 'term' };

/** What a handler gets: its verdict is kept here until the batch is done. */
class Part implements JetStreamMessage {
  readonly #message: JsMsg;
  readonly #bundled: BundledMessage | null;
  verdict: Verdict = { kind: 'open' };

  constructor(message: JsMsg, bundled: BundledMessage | null) {
    this.#message = message;
    this.#bundled = bundled;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get data(): Uint8Array {
    return this.#bundled?.data ?? this.#message.data;
  }

  get sequence(): number {
    return this.#message.seq;
  }

  get messageId(): string {
    return this.#bundled?.messageId ?? this.#message.headers?.get(MESSAGE_ID) ?? '';
  }

  get deliveryCount(): number {
    return this.#message.info.deliveryCount;
  }

  get pending(): number {
    return this.#message.info.pending;
  }

  get traceHeaders(): Readonly<Record<string, string>> {
    return this.#bundled?.traceHeaders ?? incomingContext({ headers: this.#message.headers }).trace;
  }

  ack(): void {
    this.#settle({ kind: 'ack' });
  }

  nak(delayMs = 0): void {
    this.#settle({ kind: 'nak', delayMs });
  }

  term(): void {
    this.#settle({ kind: 'term' });
  }

  #settle(verdict: Verdict): void {
    if (this.verdict.kind === 'open') this.verdict = verdict;
  }
}

/**
 * A received message whose settling is kept until the batch is done, because an acknowledgement that is sent while the connection
 * is down is lost without an error. A bundle is settled as one: while one of its parts is wanted again, all of them come again.
 */
export class ReceivedMessage {
  readonly #message: JsMsg;
  readonly #parts: readonly Part[];

  constructor(message: JsMsg) {
    this.#message = message;
    const bundle = bundledIn(message.headers, message.data);
    // A bundle that cannot be read is shown as the one message that it is, so that its readers complain about it.
    this.#parts = bundle ? bundle.map((bundled) => new Part(message, bundled)) : [new Part(message, null)];
  }

  /** What the handler gets for it: itself, or the messages that were published together. */
  get parts(): readonly JetStreamMessage[] {
    return this.#parts;
  }

  /** Tells the broker that the message is still being worked on. */
  extend(): void {
    this.#message.working();
  }

  /** Sends the verdict to the broker. */
  send(): void {
    const verdicts = this.#parts.map(({ verdict }) => verdict);
    if (verdicts.some(({ kind }) => kind === 'open')) return;
    const again = verdicts.filter((verdict) => verdict.kind === 'nak');
    const delayMs = Math.max(...again.map((verdict) => verdict.delayMs));
    if (again.length > 0) this.#message.nak(delayMs > 0 ? delayMs : undefined);
    else if (verdicts.every(({ kind }) => kind === 'term')) this.#message.term();
    else this.#message.ack();
  }
}
