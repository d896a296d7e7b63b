import type { Dispatcher } from 'undici';
import type { Deadlines } from './deadlines.js';
import { TIDY_BYTES, TIDY_MS } from './limits.js';

type Readable = Dispatcher.ResponseData['body'];

/** The provider sent more than any answer may have. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

const QUIET = Symbol('quiet');

/**
 * The body of an answer. It is read only when the next piece is asked for, so a slow reader fills the socket buffers and the
 * provider waits: back-pressure without a queue of our own.
 */
export class UpstreamBody {
  /** Bytes read so far. */
  bytes = 0;
  private readonly iterator: AsyncIterator<Buffer>;
  private ended = false;

  constructor(
    private readonly body: Readable,
    private readonly deadlines: Deadlines,
  ) {
    // A body that is destroyed on purpose has nobody else to tell.
    body.on('error', () => undefined);
    this.iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /**
   * The pieces as they arrive.
   * @param graceMs when it gives a time, silence for that long ends the body like a regular end
   * @throws AnswerTooLarge beyond `maxBytes`; the reason of the deadline or the cancel that ended it; what the socket threw
   */
  async *chunks(maxBytes: number, graceMs: () => number | null = () => null): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await this.next(graceMs());
      if (piece === null) return;
      this.bytes += piece.length;
      if (this.bytes > maxBytes) throw new AnswerTooLarge(`the answer has more than ${maxBytes} bytes`);
      yield piece;
    }
  }

  /** The whole text. */
  async text(maxBytes: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.chunks(maxBytes)) pieces.push(piece);
    return Buffer.concat(pieces).toString('utf8');
  }

  /** As much of the text as comes within the limits. For error bodies, which are judged by their status all the same. */
  async head(maxBytes: number, withinMs: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    const lateAtMs = performance.now() + withinMs;
    try {
      for await (const piece of this.chunks(maxBytes, () => Math.max(0, lateAtMs - performance.now())))
        pieces.push(piece);
    } catch {
      // What was read has to do.
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** The answer is complete: reads the little that may be left, so that the connection can serve again. */
  async tidy(): Promise<void> {
    const lateAtMs = performance.now() + TIDY_MS;
    try {
      for await (const _ of this.chunks(this.bytes + TIDY_BYTES, () => Math.max(0, lateAtMs - performance.now())));
    } catch {
      // Then it is closed.
    }
    this.close();
  }

  /** Closes the connection unless the body was read to its end. */
  close(): void {
    if (!this.ended) this.body.destroy();
  }

  private async next(graceMs: number | null): Promise<Uint8Array | null> {
    this.deadlines.signal.throwIfAborted();
    this.deadlines.waiting();
    try {
      const result = await (graceMs === null ? this.iterator.next() : this.nextWithin(graceMs));
      if (result === QUIET) return null;
      if (!result.done) return result.value;
      this.ended = true;
      return null;
    } catch (error) {
      // The socket's own complaint about being closed says less than the reason why we closed it.
      this.deadlines.signal.throwIfAborted();
      throw error;
    } finally {
      this.deadlines.received();
    }
  }

  private async nextWithin(graceMs: number): Promise<IteratorResult<Buffer> | typeof QUIET> {
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<typeof QUIET>((resolve) => (timer = setTimeout(() => resolve(QUIET), graceMs)));
    const next = this.iterator.next();
    // When the time wins, the body is closed and this read fails without a listener.
    next.catch(() => undefined);
    return Promise.race([next, quiet]).finally(() => clearTimeout(timer));
  }
}
