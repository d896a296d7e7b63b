import type { JetStreamClient } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.js';
import { retryUntil } from './retry.js';

const TIMEOUT_MS = 3_000;

/** Reads single messages that a stream still holds: a second look at what a consumer has had. */
export class JetStreamReader {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
  }

  /**
   * Bytes of one message; null when the stream does not hold it any more.
   * @throws GatewayError `service_unavailable` without the broker or the stream.
   */
  message(stream: string, sequence: number): Promise<Uint8Array | null> {
    return retryUntil(this.#connection, `message ${sequence} of ${stream}`, TIMEOUT_MS, async () => {
      const manager = await this.#client.jetstreamManager(false);
      return (await manager.streams.getMessage(stream, { seq: sequence }))?.data ?? null;
    });
  }
}
