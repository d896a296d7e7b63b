import {
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JsMsg,
  type PushConsumer,
} from '@nats-io/jetstream';
import type { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';
import { describeJetStreamError } from './errors.js';

export interface KvWatcher {
  /** `value` is null when the key was deleted. The same revision may come again after a reconnect. */
  onEntry(key: string, value: Uint8Array | null, revision: number): void;
  /** What `onEntry` threw; without it that is logged as an error. Either way the watch goes on. */
  onBroken?(key: string, error: Error): void;
  /** Once: all entries that existed at the start have been told. */
  onInitialDone?(): void;
  /** The connection is back and changes may have been missed; the state follows. */
  onReconnect?(): void;
  /**
   * After each replay of the state, with the keys that exist. Keys that were known and are not among them are gone without a
   * deletion, because the broker lost its store: whether that empties a cache is for the watcher to say.
   */
  onReplayed?(keys: ReadonlySet<string>): void;
}

/** A watch that was begun, or will be once the broker is there. */
export interface RunningWatch {
  /** Resolves when it has begun, has failed to for now, or was stopped before. */
  readonly begun: Promise<void>;
  /** Resolves when nothing is told any more. */
  stop(): Promise<void>;
}

export interface KvWatchContext {
  readonly connection: Connection;
  readonly client: JetStreamClient;
  readonly inbox: () => string;
  readonly logger: Logger;
}

const RETRY_MS = 500;
/** How often it is checked that the broker still knows the watch. */
const CHECK_MS = 5_000;
const DELETIONS: ReadonlySet<string> = new Set(['DEL', 'PURGE']);

/**
 * The library's own watch goes on from its last sequence after a reconnect, which is wrong when the bucket was made anew, and
 * its inbox is not below the service's prefix. So each session here reads the whole state again, which is small.
 */
export class KvWatch implements RunningWatch {
  readonly #bucket: string;
  readonly #watcher: KvWatcher;
  readonly #context: KvWatchContext;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  readonly begun: Promise<void>;
  #initialDone = false;
  #sessions = 0;

  constructor(bucket: string, watcher: KvWatcher, context: KvWatchContext) {
    this.#bucket = bucket;
    this.#watcher = watcher;
    this.#context = context;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.#finished = this.#run(resolve);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
  }

  async #run(begun: () => void): Promise<void> {
    const { connection, logger } = this.#context;
    let complaint = '';
    while (!this.#stopping.signal.aborted && !connection.closed) {
      try {
        if (!(await connection.whenConnected(RETRY_MS))) continue;
        await this.#session(() => {
          if (complaint !== '') logger.log('watching again');
          complaint = '';
          begun();
        });
      } catch (error) {
        const reason = describeJetStreamError(error);
        if (reason !== complaint) logger.warn(`cannot watch: ${reason}`);
        complaint = reason;
        begun();
        await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
    begun();
  }

  async #session(begun: () => void): Promise<void> {
    const { connection, client } = this.#context;
    const consumer = await connection.guard(
      client.consumers.getPushConsumer(`KV_${this.#bucket}`, {
        filter_subjects: `$KV.${this.#bucket}.>`,
        deliver_policy: DeliverPolicy.LastPerSubject,
        deliver_prefix: this.#context.inbox(),
      }),
    );
    const { num_pending: stateSize } = await connection.guard(consumer.info(true));
    if (this.#sessions++ > 0) this.#watcher.onReconnect?.();
    const replay = new Replay(stateSize, (keys) => this.#replayed(keys));
    const messages = await consumer.consume({
      callback: (message) => {
        if (!this.#stopping.signal.aborted) replay.add(message.subject, this.#tell(message));
      },
    });
    replay.begin();
    begun();
    await this.#untilOver(consumer, messages);
  }

  /** Returns whether the key exists now. */
  #tell(message: JsMsg): boolean {
    const key = message.subject.slice(`$KV.${this.#bucket}.`.length);
    const deleted = DELETIONS.has(message.headers?.get('KV-Operation') ?? '');
    try {
      this.#watcher.onEntry(key, deleted ? null : message.data, message.seq);
    } catch (error) {
      if (this.#watcher.onBroken) this.#watcher.onBroken(key, error as Error);
      else
        this.#context.logger.error(`the watcher failed on ${key}: ${(error as Error).message}`, (error as Error).stack);
    }
    return !deleted;
  }

  #replayed(subjects: ReadonlySet<string>): void {
    if (this.#stopping.signal.aborted) return;
    const prefix = `$KV.${this.#bucket}.`.length;
    this.#watcher.onReplayed?.(new Set([...subjects].map((subject) => subject.slice(prefix))));
    if (this.#initialDone) return;
    this.#initialDone = true;
    this.#watcher.onInitialDone?.();
  }

  /** Ends the session when the connection breaks, the watch is stopped, or the broker has forgotten the consumer. */
  async #untilOver(consumer: PushConsumer, messages: ConsumerMessages): Promise<void> {
    const { connection } = this.#context;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const forget = connection.onStatus(() => end());
    const stop = (): void => end();
    this.#stopping.signal.addEventListener('abort', stop);
    void messages.closed().then(() => end());
    const check = setInterval(() => {
      consumer.info().catch((error: unknown) => {
        if (/not found/.test((error as Error).message)) end();
      });
    }, CHECK_MS);
    if (!connection.connected || this.#stopping.signal.aborted) end();
    await over;
    clearInterval(check);
    forget();
    this.#stopping.signal.removeEventListener('abort', stop);
    void messages.close();
    if (connection.connected) await consumer.delete().catch(() => undefined);
  }
}

/** Counts the state until it is complete. */
class Replay {
  readonly #subjects = new Set<string>();
  #left: number;
  #begun = false;

  constructor(
    stateSize: number,
    private readonly done: (subjects: ReadonlySet<string>) => void,
  ) {
    this.#left = stateSize;
  }

  /** An empty bucket is complete at once. */
  begin(): void {
    this.#begun = true;
    if (this.#left <= 0) this.#finish();
  }

  add(subject: string, exists: boolean): void {
    if (this.#left < 0) return;
    if (exists) this.#subjects.add(subject);
    else this.#subjects.delete(subject);
    this.#left--;
    if (this.#left === 0 && this.#begun) this.#finish();
  }

  #finish(): void {
    this.#left = -1;
    this.done(this.#subjects);
    this.#subjects.clear();
  }
}
