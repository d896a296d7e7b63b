import type { JsMsg } from '@nats-io/jetstream';
import { incomingContext } from '../rpc/headers.js';

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

/**
 * A received message whose settling is kept until the batch is done, because an acknowledgement that is sent while the connection
 * is down is lost without an error.
 */
export class ReceivedMessage implements JetStreamMessage {
  readonly #message: JsMsg;
  #verdict: Verdict = { kind: 'open' };

  constructor(message: JsMsg) {
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  get sequence(): number {
    return this.#message.seq;
  }

  get messageId(): string {
    return this.#message.headers?.get(MESSAGE_ID) ?? '';
  }

  get deliveryCount(): number {
    return this.#message.info.deliveryCount;
  }

  get pending(): number {
    return this.#message.info.pending;
  }

  get traceHeaders(): Readonly<Record<string, string>> {
    return incomingContext({ headers: this.#message.headers }).trace;
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

  /** Tells the broker that the message is still being worked on. */
  extend(): void {
    this.#message.working();
  }

  /** Sends the verdict to the broker. */
  send(): void {
    const verdict = this.#verdict;
    if (verdict.kind === 'ack') this.#message.ack();
    else if (verdict.kind === 'term') this.#message.term();
    else if (verdict.kind === 'nak') this.#message.nak(verdict.delayMs > 0 ? verdict.delayMs : undefined);
  }

  #settle(verdict: Verdict): void {
    if (this.#verdict.kind === 'open') this.#verdict = verdict;
  }
}
