import type { Port, Scheduler, StreamCounters } from './ports.js';
import type { ByteBudget } from './body.js';
import type { Packer } from './packer.js';
import type { WorkerStream } from './worker-stream.js';
import type { StreamTimers } from './timers.js';

/** What a stream of a worker needs from its process. */
export interface WorkerHost {
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  readonly scheduler: Scheduler;
  readonly budget: ByteBudget;
  readonly worker: string;
  readonly provider: string;
  readonly bulkAddress: string;
  /** Of the streams that go through this connection. */
  packerOf(port: Port): Packer;
  /** Runs the handler. Called once per stream, after `go` and the whole body. */
  run(stream: WorkerStream): void;
  /** The stream takes no more capacity. */
  release(stream: WorkerStream): void;
  /** The stream may be forgotten. */
  forget(stream: WorkerStream): void;
}

export interface WorkerStreamOptions {
  readonly id: string;
  readonly port: Port;
  /** Where the edge listens. */
  readonly reply: string;
  readonly edge: string;
  /** Its edge takes frames of several streams in one message. */
  readonly packs: boolean;
  readonly traceparent: string;
  readonly meta: unknown;
  readonly bodyBytes: number;
}
