import type { Port, StreamCounters } from './ports.js';
import type { StreamTimers } from './timers.js';
import type { Starter } from './worker-directory.js';

/** How a stream ended for its client: it has the whole answer (or left by itself), or was told that the answer got lost. */
export type Verdict = 'arrived' | 'lost';

export interface EdgeEntry {
  onFrame(id: string, frame: Uint8Array, reply: string | undefined): void;
  onNoResponders(id: string): void;
  tick(nowMs: number): void;
}

/** What a stream of an edge needs from its process. */
export interface EdgeHost {
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  readonly bulk: Port;
  newId(): string;
  nowMs(): number;
  /** Workers of the provider that were heard lately and have room, at most `count`. */
  workersOf(provider: string, count: number): string[];
  /** A worker of the provider that may begin without a claim; null if none is heard. */
  starter(provider: string): Starter | null;
  /** The worker did not say in time that it has begun, or said that it cannot. */
  doubt(provider: string, worker: string): void;
  /** Routes frames with this id to the stream. */
  register(id: string, stream: EdgeEntry): void;
  unregister(id: string): void;
  /** The stream is bound to this worker: its death concerns it. */
  bind(worker: string, stream: EdgeEntry): void;
  /** The worker is dead, as the broker or its silence says. */
  buryWorker(worker: string): void;
  /** The stream is over: it needs no worker any more. */
  release(stream: EdgeEntry, worker: string | null): void;
  /** Nothing is left to watch. */
  forget(stream: EdgeEntry): void;
  /** The stream is over here: what its worker is told when it asks. `arrived` is told to it at once, together with others. */
  closeStream(control: string, id: string, verdict: Verdict): void;
}

export interface OpenOptions {
  readonly provider: string;
  /** JSON value, handed to the worker's handler as it is. */
  readonly meta: unknown;
  readonly body: Uint8Array;
  /** Data bytes that may be under way and unread; 64 KiB by default. */
  readonly windowBytes?: number;
  /** Cancels the stream; the reason is told to the worker when it is a string. */
  readonly signal?: AbortSignal;
}
