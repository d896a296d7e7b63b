import type { Dispatcher } from 'undici';
import type { Deadlines } from './deadlines.js';

/** What is taken from the socket ahead of the reader. */
const MAX_AHEAD_BYTES = 64 * 1024;

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** We close the connection: nothing more of this answer is wanted. */
class NothingWanted extends Error {
  override readonly name = 'NothingWanted';
}

/**
 * One request and its answer on a connection of undici's, without the stream that undici makes of each answer. Little more of the body is
 * read than its reader takes, so a slow one fills the socket's buffers and the provider waits.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  private readonly answered = Promise.withResolvers<ResponseHead>();
  private controller: Dispatcher.DispatchController | null = null;
  private pieces: Buffer[] = [];
  private aheadBytes = 0;
  private complete = false;
  private error: Error | null = null;
  private wake: (() => void) | null = null;
  /** How much of the rest may still come when nobody reads it; null while somebody does. */
  private drainBytes: number | null = null;
  private drainTimer: NodeJS.Timeout | undefined;

  constructor(private readonly deadlines: Deadlines) {
    // A call can end while nobody waits for its head.
    this.answered.promise.catch(() => undefined);
    deadlines.onAbort((reason) => this.abort(reason));
  }

  /** Resolves at the head of the answer; rejects with the reason of what ended the call, or with what the socket or the parser threw. */
  get head(): Promise<ResponseHead> {
    return this.answered.promise;
  }

  /**
   * All that has come since the last time; null at the end of the body, undefined when there is nothing yet.
   * @throws like {@link head}, behind what had come before
   */
  take(): Uint8Array | null | undefined {
    const [first, ...more] = this.pieces;
    if (first) {
      this.pieces = [];
      const bytes = more.length === 0 ? first : Buffer.concat([first, ...more], this.aheadBytes);
      this.aheadBytes = 0;
      this.controller?.resume();
      return bytes;
    }
    if (this.error) throw this.error;
    return this.complete ? null : undefined;
  }

  /** Resolves when there is something to {@link take}. One waits at a time. */
  arrival(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Reads the rest for nobody, so that the connection can serve again, and closes it when that takes too much or too long. */
  drain(maxBytes: number, withinMs: number): void {
    this.drainBytes = maxBytes - this.aheadBytes;
    this.pieces = [];
    this.aheadBytes = 0;
    if (this.complete || this.error) return;
    if (this.drainBytes < 0) return this.close();
    this.drainTimer = setTimeout(() => this.close(), withinMs);
    this.controller?.resume();
  }

  /** Closes the connection unless the whole answer has come. */
  close(): void {
    this.abort(new NothingWanted('nothing more of it is wanted'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.error) controller.abort(this.error);
    else this.deadlines.connected();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status >= 200) this.answered.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.drainBytes !== null) {
      this.drainBytes -= chunk.length;
      if (this.drainBytes < 0) this.close();
      return;
    }
    this.pieces.push(chunk);
    this.aheadBytes += chunk.length;
    if (this.aheadBytes >= MAX_AHEAD_BYTES) controller.pause();
    this.tell();
  }

  onResponseEnd(): void {
    this.complete = true;
    clearTimeout(this.drainTimer);
    this.tell();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  private abort(reason: Error): void {
    if (this.complete || this.error) return;
    this.pieces = [];
    this.aheadBytes = 0;
    this.fail(reason);
    this.controller?.abort(reason);
  }

  private fail(error: Error): void {
    if (this.error) return;
    this.error = error;
    clearTimeout(this.drainTimer);
    this.answered.reject(error);
    this.tell();
  }

  private tell(): void {
    this.wake?.();
    this.wake = null;
  }
}
