import type { JetStreamClient } from '@nats-io/jetstream';
import { withSpan } from '@switchyard/telemetry';
import type { Connection } from '../connection/connection.js';
import { outgoingHeaders } from '../rpc/headers.js';
import { retryUntil } from './retry.js';

export interface JetStreamPublishOptions {
  /** What the stream recognises a repeated message by, within its duplicate window of ten minutes. */
  readonly messageId: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;

/** Puts messages into streams, where they outlive a crash of the broker. */
export class JetStreamPublisher {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
  }

  /**
   * Publishes until the stream confirms. The same message id again is stored once: `duplicate` says that it was there.
   * @throws GatewayError `service_unavailable` when there was no confirmation in time (it may be stored all the same), `internal`
   * when the message is larger than the broker takes.
   */
  publish(
    subject: string,
    payload: Uint8Array | string,
    options: JetStreamPublishOptions,
  ): Promise<{ sequence: number; duplicate: boolean }> {
    const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': subject };
    return withSpan(`publish ${subject}`, attributes, () => this.#publish(subject, payload, options), 'producer');
  }

  async #publish(
    subject: string,
    payload: Uint8Array | string,
    { messageId, timeoutMs = TIMEOUT_MS }: JetStreamPublishOptions,
  ): Promise<{ sequence: number; duplicate: boolean }> {
    const headers = outgoingHeaders();
    const ack = await retryUntil(this.#connection, `message ${messageId} on ${subject}`, timeoutMs, (timeout) =>
      this.#client.publish(subject, payload, { msgID: messageId, timeout, ...(headers && { headers }) }),
    );
    return { sequence: ack.seq, duplicate: ack.duplicate };
  }
}
