import type { JetStreamClient } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.js';
import { bundledIn } from './bundle.js';
import { retryUntil } from './retry.js';

const TIMEOUT_MS = 3_000;

/** How far a consumer has come. */
export interface Backlog {
  /** Of the last message of the stream. */
  readonly lastSequence: number;
  /** Up to here the consumer has acknowledged everything. */
  readonly settledSequence: number;
  /** Messages that it has still to be given, and that it was given and has not acknowledged. */
  readonly waiting: number;
}

/** Looks at a stream: single messages that a consumer has had, and how much it has still to have. */
export class JetStreamReader {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
  }

  /**
   * The payloads of what the stream holds under a sequence: one, or those that were published together; none when it does not hold
   * it any more.
   * @throws GatewayError `service_unavailable` without the broker or the stream.
   */
  payloads(stream: string, sequence: number): Promise<readonly Uint8Array[]> {
    return retryUntil(this.#connection, `message ${sequence} of ${stream}`, TIMEOUT_MS, async () => {
      const manager = await this.#client.jetstreamManager(false);
      const message = await manager.streams.getMessage(stream, { seq: sequence });
      if (!message) return [];
      const { header, data } = message;
      return bundledIn(header, data)?.map((bundled) => bundled.data) ?? [data];
    });
  }

  /** @throws GatewayError `service_unavailable` without the broker, the stream or the consumer. */
  backlog(stream: string, durable: string): Promise<Backlog> {
    return retryUntil(this.#connection, `the consumer ${durable} of ${stream}`, TIMEOUT_MS, async () => {
      const manager = await this.#client.jetstreamManager(false);
      const [{ state }, consumer] = await Promise.all([
        manager.streams.info(stream),
        manager.consumers.info(stream, durable),
      ]);
      return {
        lastSequence: state.last_seq,
        settledSequence: consumer.ack_floor.stream_seq,
        waiting: consumer.num_pending + consumer.num_ack_pending,
      };
    });
  }
}
