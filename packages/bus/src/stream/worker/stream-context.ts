import type { AttemptFailure } from '@switchyard/contracts';
import type { Delivery } from '../core/delivery.js';

/** What a stream handler works with. */
export interface StreamContext {
  readonly streamId: string;
  /** Meta of the call, as the edge gave it. */
  readonly meta: unknown;
  /** The request body; empty once the stream has ended. */
  readonly body: Uint8Array;
  /** Aborted with a string as reason: by the edge (`cancel`), by its death, by loss of the broker, by the drain deadline. */
  readonly signal: AbortSignal;
  /** Once, before data. `meta` is JSON. */
  head(meta: unknown): void;
  /**
   * Sends bytes; resolves when there is credit for more, so awaiting it is the back-pressure. Does nothing after a cancel. The
   * bytes belong to the stream from here on: do not change them.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** The last frame, behind all data; resolves when it is sent. After a cancel too: it is the confirmation. */
  end(meta: unknown): Promise<void>;
  /** The last frame of a stream that failed, with or without a head before it. */
  fail(failure: AttemptFailure): Promise<void>;
  /** Settles once after the last frame: whether the whole answer arrived. Never rejects. */
  readonly delivered: Promise<Delivery>;
  /** Says something to the edge beside the answer (JSON). May get lost: repeat it until it is answered. */
  meter(reading: unknown): void;
  /** Calls back with each answer of the edge to {@link meter}. One listener. */
  onAllow(listener: (answer: unknown) => void): void;
}
