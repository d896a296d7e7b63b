import type { StreamOutcome } from '../core/failure.js';

/** The answer of a worker, from its head on. */
export interface UpstreamStream {
  /** Meta of the `head` frame. */
  readonly head: unknown;
  /** Id of the worker that serves the stream. */
  readonly worker: string;
  /**
   * Data bytes, exact and in order, for one reader. Returns at `end`, throws StreamFailure at `fail` or loss, after the bytes
   * that arrived before it. Leaving the loop early cancels the stream.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined>;
  /** Bytes that the client's socket accepted: gives credit back to the worker. Without it a stream stops at its window. */
  acknowledge(bytes: number): void;
  /** Meta of the `end` frame; rejects with StreamFailure. Never an unhandled rejection. */
  readonly end: Promise<unknown>;
  /**
   * Aborted, with the StreamFailure as reason, as soon as the stream cannot end well: failure, loss, cancel, or a client that
   * took nothing for 60 s while data waited (`slow_client`). For writers that wait for their socket and not for the stream.
   */
  readonly signal: AbortSignal;
  /**
   * Stops the stream; its reader throws `client_closed_request`. Resolves when the worker confirms how it ended (which may take
   * as long as it lets the provider finish), or with `lost` after 30 s or with the death of the worker. Safe to call twice.
   */
  cancel(reason: string): Promise<StreamOutcome>;
  /**
   * Calls back with what the worker says beside its answer (JSON): a reading of its meter, which is repeated until {@link allow}
   * answers it. One listener.
   */
  onMeter(listener: (reading: unknown) => void): void;
  /** Answers a reading. May get lost, so that the worker asks again: say totals, not differences. */
  allow(answer: unknown): void;
}
