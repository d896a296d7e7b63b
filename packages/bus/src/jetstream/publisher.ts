import type { JetStreamClient } from '@nats-io/jetstream';
import { type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';
import { currentTraceHeaders, withSpan } from '@switchyard/telemetry';
import type { Connection } from '../connection/connection.js';
import { outgoingHeaders } from '../rpc/headers.js';
import { randomId } from '../stream/ids.js';
import { BUNDLE_HEADER, BUNDLE_VERSION, type BundledMessage, encodeBundle } from './bundle.js';
import { Bundler } from './bundler.js';
import { retryUntil } from './retry.js';

export interface JetStreamPublishOptions {
  /** What the stream recognises a repeated message by, within its duplicate window of ten minutes. */
  readonly messageId: string;
  readonly timeoutMs?: number;
}

export interface Published {
  readonly sequence: number;
  readonly duplicate: boolean;
}

const TIMEOUT_MS = 5_000;
/** How long a message may wait for others: less than a reader waits for its batch to fill. */
const GATHER_MS = 10;
const MAX_BUNDLED_MESSAGES = 64;
/** Streams take messages of 512 KiB. */
const MAX_BUNDLE_BYTES = 256 * 1024;

/** Puts messages into streams, where they outlive a crash of the broker. */
export class JetStreamPublisher {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;
  readonly #bundler: Bundler<Published>;

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
    this.#bundler = new Bundler<Published>({
      send: (subject, messages, timeoutMs) => this.#sendBundle(subject, messages, timeoutMs),
      gatherMs: GATHER_MS,
      maxMessages: MAX_BUNDLED_MESSAGES,
      maxBytes: MAX_BUNDLE_BYTES,
    });
  }

  /**
   * Publishes until the stream confirms. The same message id again is stored once: `duplicate` says that it was there.
   * @throws GatewayError `service_unavailable` when there was no confirmation in time (it may be stored all the same), `internal`
   * when the message is larger than the broker takes.
   */
  publish(subject: string, payload: Uint8Array | string, options: JetStreamPublishOptions): Promise<Published> {
    return withSpan(
      `publish ${subject}`,
      attributesOf(subject),
      () => this.#send(subject, payload, options, outgoingHeaders()),
      'producer',
    );
  }

  /**
   * The same for what is published often and whose readers know repetitions themselves: messages of one moment become one in the
   * stream, because the broker takes every message to the disk by itself. Consumers get them one by one. The stream recognises the
   * repetition of a message that went alone, not of one that went among others.
   * @throws as {@link publish}
   */
  publishBundled(subject: string, payload: Uint8Array | string, options: JetStreamPublishOptions): Promise<Published> {
    const { messageId, timeoutMs = TIMEOUT_MS } = options;
    const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
    return withSpan(
      `publish ${subject}`,
      attributesOf(subject),
      () => this.#bundler.add(subject, { messageId, traceHeaders: currentTraceHeaders(), data }, timeoutMs),
      'producer',
    );
  }

  #sendBundle(subject: string, messages: readonly BundledMessage[], timeoutMs: number): Promise<Published> {
    const [only] = messages;
    const headers = newHeaders();
    if (only && messages.length === 1) {
      for (const [name, value] of Object.entries(only.traceHeaders)) headers.set(name, value);
      return this.#send(subject, only.data, { messageId: only.messageId, timeoutMs }, headers);
    }
    headers.set(BUNDLE_HEADER, BUNDLE_VERSION);
    return this.#send(subject, encodeBundle(messages), { messageId: `bundle-${randomId()}`, timeoutMs }, headers);
  }

  async #send(
    subject: string,
    payload: Uint8Array | string,
    { messageId, timeoutMs = TIMEOUT_MS }: JetStreamPublishOptions,
    headers: MsgHdrs | undefined,
  ): Promise<Published> {
    const ack = await retryUntil(this.#connection, `message ${messageId} on ${subject}`, timeoutMs, (timeout) =>
      this.#client.publish(subject, payload, { msgID: messageId, timeout, ...(headers && { headers }) }),
    );
    return { sequence: ack.seq, duplicate: ack.duplicate };
  }
}

const attributesOf = (subject: string) => ({
  'messaging.system': 'nats',
  'messaging.destination.name': subject,
});
