import type { Deadlines } from './deadlines.js';
import type { Exchange } from './exchange.js';
import { TIDY_BYTES, TIDY_MS } from './limits.js';

/** The provider sent more than any answer may have. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * The body of an answer. It is read only when the next piece is asked for, so a slow reader fills the socket buffers and the
 * provider waits: back-pressure without a queue of our own.
 */
export class UpstreamBody {
  /** Bytes read so far. */
  bytes = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly deadlines: Deadlines,
  ) {}

  /**
   * The next piece: all that has come since the one before. null at the end.
   * @param graceMs when it gives a time, silence for that long ends the body like a regular end
   * @throws AnswerTooLarge beyond `maxBytes`; the reason of the deadline or the cancel that ended it; what the socket threw
   */
  async next(maxBytes: number, graceMs: number | null = null): Promise<Uint8Array | null> {
    let piece = this.take();
    while (piece === undefined) {
      this.deadlines.waiting();
      const came = graceMs === null ? await this.exchange.arrival() : await this.arrivalWithin(graceMs);
      this.deadlines.received();
      if (came === false) return null;
      piece = this.take();
    }
    if (piece === null) return null;
    this.bytes += piece.length;
    if (this.bytes > maxBytes) throw new AnswerTooLarge(`the answer has more than ${maxBytes} bytes`);
    return piece;
  }

  /** As much of the text as comes within the limits. For error bodies, which are judged by their status all the same. */
  async head(maxBytes: number, withinMs: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    const lateAtMs = performance.now() + withinMs;
    const leftMs = () => Math.max(0, lateAtMs - performance.now());
    try {
      for (let piece = await this.next(maxBytes, leftMs()); piece; piece = await this.next(maxBytes, leftMs()))
        pieces.push(piece);
    } catch {
      // What was read has to do.
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** The answer is complete: reads the little that may be left, so that the connection can serve again. */
  tidy(): void {
    this.exchange.drain(TIDY_BYTES, TIDY_MS);
  }

  /** Closes the connection unless the whole answer has come. */
  close(): void {
    this.exchange.close();
  }

  private take(): Uint8Array | null | undefined {
    // The socket's own complaint about being closed says less than the reason why we closed it.
    if (this.deadlines.reason) throw this.deadlines.reason;
    return this.exchange.take();
  }

  /** False when nothing came in time. */
  private async arrivalWithin(graceMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), graceMs);
    void this.exchange.arrival().then(() => resolve(true));
    const came = await promise;
    clearTimeout(timer);
    return came;
  }
}
