import { AckPolicy, DeliverPolicy, type JetStreamClient, ReplayPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';
import { handleBatch } from './batch-handler.js';
import { batches } from './batches.js';
import { describeJetStreamError } from './errors.js';
import { type JetStreamMessage, ReceivedMessage } from './message.js';

export interface ConsumeOptions {
  readonly stream: string;
  /** Name of the consumer; processes that give the same one share its messages. */
  readonly durable: string;
  readonly filterSubject?: string;
  /** Messages that the handler takes at once. */
  readonly maxBatch: number;
  readonly maxWaitMs: number;
  /** After this time without an acknowledgement a message is delivered again; extended while the handler runs. */
  readonly ackWaitMs?: number;
  /**
   * Works on a batch. When it returns, every message that it did not settle is acknowledged; when it throws, those are delivered
   * again after a delay that grows with each delivery. A message may come twice, so its effect must be idempotent.
   */
  readonly handler: (messages: readonly JetStreamMessage[]) => Promise<void>;
}

export interface RunningConsumer {
  /** Waits for the batch in hand, settles it, and takes no more. */
  stop(): Promise<void>;
}

const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 2_000;
/** A pull is renewed after this; the broker shows in between, twice as often, that it is there. */
const PULL_EXPIRES_MS = 10_000;
const RETRY_MS = 500;
/** What tells that the consumer has to be made again; the library would only report it. */
const FATAL: ReadonlySet<string> = new Set([
  'consumer_not_found',
  'stream_not_found',
  'consumer_deleted',
  'no_responders',
  'heartbeats_missed',
]);

/** Reads streams in batches, for ever: through restarts of the broker, and through the loss of all that it stored. */
export class JetStreamConsumers {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
  }

  /** Starts at once and resolves; while the stream does not exist yet, it is waited for. */
  async consume(options: ConsumeOptions): Promise<RunningConsumer> {
    const stopping = new AbortController();
    const finished = this.#run(options, stopping.signal);
    return {
      stop: async () => {
        stopping.abort();
        await finished;
      },
    };
  }

  async #run(options: ConsumeOptions, stopping: AbortSignal): Promise<void> {
    const logger = new Logger(`consumer:${options.stream}.${options.durable}`);
    let complaint = '';
    while (!stopping.aborted && !this.#connection.closed) {
      try {
        if (!(await this.#connection.whenConnected(RETRY_MS))) continue;
        await this.#ensureConsumer(options);
        if (complaint !== '') logger.log('consuming again');
        complaint = '';
        await this.#session(options, stopping, logger);
      } catch (error) {
        const reason = describeJetStreamError(error);
        if (reason !== complaint) logger.warn(`cannot consume: ${reason}`);
        complaint = reason;
        await sleep(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  }

  async #ensureConsumer({ stream, durable, filterSubject, ackWaitMs = ACK_WAIT_MS }: ConsumeOptions): Promise<void> {
    const manager = await this.#client.jetstreamManager(false);
    await this.#connection.guard(
      manager.consumers.add(stream, {
        durable_name: durable,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
        ack_wait: nanos(ackWaitMs),
        // Money is never dead-lettered by a counter.
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        ...(filterSubject !== undefined && { filter_subject: filterSubject }),
      }),
    );
  }

  /** Consumes until the connection, the consumer or the service ends; what was received by then is still handled. */
  async #session(options: ConsumeOptions, stopping: AbortSignal, logger: Logger): Promise<void> {
    const consumer = await this.#connection.guard(this.#client.consumers.get(options.stream, options.durable));
    const messages = await this.#connection.guard(
      consumer.consume({
        max_messages: options.maxBatch,
        expires: PULL_EXPIRES_MS,
        idle_heartbeat: PULL_EXPIRES_MS / 2,
      }),
    );
    const end = (): void => void messages.close();
    stopping.addEventListener('abort', end, { once: true });
    const forget = this.#connection.onStatus(end);
    void endWhenFatal(messages.status(), end);
    try {
      if (stopping.aborted || !this.#connection.connected) end();
      for await (const batch of batches(messages[Symbol.asyncIterator](), options)) {
        const received = batch.map((message) => new ReceivedMessage(message));
        await handleBatch(
          received,
          { ...options, ackWaitMs: options.ackWaitMs ?? ACK_WAIT_MS, logger },
          this.#connection,
        );
      }
    } finally {
      forget();
      stopping.removeEventListener('abort', end);
      end();
    }
  }
}

async function endWhenFatal(notifications: AsyncIterable<{ readonly type: string }>, end: () => void): Promise<void> {
  for await (const { type } of notifications) if (FATAL.has(type)) end();
}
