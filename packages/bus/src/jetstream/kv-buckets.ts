import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { Logger } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import { inboxOf } from '../connection/options.js';
import { KvWatch, type KvWatcher, type RunningWatch } from './kv-watch.js';
import { retryUntil } from './retry.js';

const TIMEOUT_MS = 5_000;

/** The key-value buckets that topology.ts makes. Keys are `[-/_=.A-Za-z0-9]`: other text goes through `escapeKey` of the contracts. */
export class KvBuckets {
  readonly #connection: Connection;
  readonly #client: JetStreamClient;
  readonly #open = new Map<string, Promise<KV>>();

  constructor(connection: Connection, client: JetStreamClient) {
    this.#connection = connection;
    this.#client = client;
  }

  /**
   * Follows all entries of a bucket until it is stopped, which may be before it has begun: first the state, then the changes; the state
   * again after every reconnect and when the bucket was made anew. Nothing waits for the broker: `onInitialDone` says that the state is
   * complete.
   */
  follow(bucket: string, watcher: KvWatcher): RunningWatch {
    return new KvWatch(bucket, watcher, {
      connection: this.#connection,
      client: this.#client,
      inbox: () => inboxOf(this.#connection.name),
      logger: new Logger(`kv:${bucket}`),
    });
  }

  /** The same, and resolves when it has begun, or has failed to for now. */
  async watch(bucket: string, watcher: KvWatcher): Promise<RunningWatch> {
    const watch = this.follow(bucket, watcher);
    await watch.begun;
    return watch;
  }

  /** Resolves to the revision. The last writer wins. */
  put(bucket: string, key: string, value: string | Uint8Array): Promise<number> {
    return this.#try(bucket, `put ${bucket}/${key}`, (kv, timeout) => kv.put(key, value, { timeout }));
  }

  /** Writes only a key that does not exist; null when it does. A lost confirmation may make that its own doing. */
  create(bucket: string, key: string, value: string | Uint8Array): Promise<number | null> {
    return this.#try(bucket, `create ${bucket}/${key}`, (kv) => orConflict(kv.create(key, value)));
  }

  /** Writes only over the given revision; null when there is another by now. A lost confirmation may make that its own doing. */
  update(bucket: string, key: string, value: string | Uint8Array, revision: number): Promise<number | null> {
    return this.#try(bucket, `update ${bucket}/${key}`, (kv, timeout) =>
      orConflict(kv.update(key, value, revision, timeout)),
    );
  }

  /** Null for a key that was never written or is deleted. */
  get(bucket: string, key: string): Promise<{ value: Uint8Array; revision: number } | null> {
    return this.#try(bucket, `get ${bucket}/${key}`, async (kv) => {
      const entry = await kv.get(key);
      return entry?.operation === 'PUT' ? { value: entry.value, revision: entry.revision } : null;
    });
  }

  /** Deleting what is not there is not an error; watchers are told all the same. */
  delete(bucket: string, key: string): Promise<void> {
    return this.#try(bucket, `delete ${bucket}/${key}`, (kv) => kv.delete(key));
  }

  /** Everything that a bucket holds now. */
  async entries(bucket: string): Promise<ReadonlyMap<string, Uint8Array>> {
    const entries = new Map<string, Uint8Array>();
    const { promise: complete, resolve } = Promise.withResolvers<void>();
    const watch = await this.watch(bucket, {
      onEntry: (key, value) => (value ? entries.set(key, value) : entries.delete(key)),
      onInitialDone: resolve,
    });
    await complete;
    await watch.stop();
    return entries;
  }

  /** The keys that exist, in no order. */
  keys(bucket: string): Promise<string[]> {
    return this.#try(bucket, `keys of ${bucket}`, async (kv) => {
      const keys: string[] = [];
      for await (const key of await kv.keys()) keys.push(key);
      return keys;
    });
  }

  #try<T>(bucket: string, what: string, work: (kv: KV, timeoutMs: number) => Promise<T>): Promise<T> {
    return retryUntil(this.#connection, what, TIMEOUT_MS, async (timeoutMs) =>
      work(await this.#bucket(bucket), timeoutMs),
    );
  }

  #bucket(name: string): Promise<KV> {
    let bucket = this.#open.get(name);
    if (!bucket) {
      // Binding needs no message to the broker, so it cannot fail for now and does not have to be forgotten.
      bucket = new Kvm(this.#client).open(name);
      this.#open.set(name, bucket);
    }
    return bucket;
  }
}

/** Another revision than was asked for is an answer, not a failure. */
async function orConflict(write: Promise<number>): Promise<number | null> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence) return null;
    throw error;
  }
}
