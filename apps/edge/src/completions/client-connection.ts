import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import type { AnswerTape } from './answer-tape.js';
import type { Framing } from './framing.js';

export interface ClientConnectionOptions {
  readonly generationId: string;
  /** How the events of a stream reach this client. */
  readonly framing: Framing;
  readonly keepAliveMs: number;
  readonly slowClientMs: number;
}

/** Why a client no longer gets what it asked for. */
export type GoneReason = 'client_closed_request' | 'slow_client';

/** The client closed its connection, or did not read for too long. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  constructor(readonly reason: GoneReason) {
    super(reason);
  }
}

const NOTHING = new Uint8Array(0);

/** Why the client of an aborted signal is gone. */
export const reasonOf = (signal: AbortSignal): GoneReason =>
  signal.reason instanceof ClientGone ? signal.reason.reason : 'client_closed_request';

/**
 * The connection on which an answer goes out. Headers are sent with the first byte, so that an error before it is an ordinary
 * HTTP error; long silence sends them early, with a comment that keeps proxies from cutting the line.
 */
export class ClientConnection {
  private readonly controller = new AbortController();
  private silence: NodeJS.Timeout | undefined;
  private readonly headers: Record<string, string> = {};
  private waiting = false;
  private begun = false;
  private firstByteMs: number | null = null;
  private tape: AnswerTape | null = null;

  constructor(
    private readonly reply: FastifyReply,
    private readonly options: ClientConnectionOptions,
  ) {
    reply.header('x-generation-id', options.generationId);
    reply.raw.once('close', this.closed);
  }

  /** Aborted with {@link ClientGone} as reason as soon as nobody listens any more. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }
  /** An answer has begun: errors can only be events of the stream now. */
  get streaming(): boolean {
    return this.begun;
  }
  /** When the first byte of the answer was written, on the monotonic clock; comments do not count. */
  get firstByteAtMs(): number | null {
    return this.firstByteMs;
  }

  /** Calls back once, when the answer has been sent whole or the connection is gone. */
  whenOver(callback: () => void): void {
    const { raw } = this.reply;
    if (raw.closed) callback();
    else raw.once('close', callback);
  }

  /** Headers that tell how the answer was made; without effect once it has begun. */
  describe(headers: Readonly<Record<string, string>>): void {
    Object.assign(this.headers, headers);
  }

  /** The answer is kept on a tape as well: its bytes, before they are framed, and without comments. */
  record(tape: AnswerTape): void {
    this.tape = tape;
  }

  /** From now on silence is filled with comments. */
  keepAlive(): void {
    const { keepAlive } = this.options.framing;
    if (keepAlive === null) return;
    this.silence = setInterval(() => {
      if (this.waiting || this.signal.aborted) return;
      this.begin();
      this.reply.raw.write(keepAlive);
    }, this.options.keepAliveMs);
  }

  /** Writes events of the stream. Resolves when the socket has accepted them. @throws ClientGone */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.signal.aborted) throw this.signal.reason;
    this.begin();
    this.firstByteMs ??= performance.now();
    this.silence?.refresh();
    this.tape?.push(bytes);
    const framed = this.options.framing.push(bytes);
    if (framed.byteLength > 0 && !this.reply.raw.write(framed)) await this.drained();
  }

  /** Ends the stream. */
  end(lastBytes?: Uint8Array): void {
    this.release();
    if (this.signal.aborted) return void this.reply.raw.end();
    const { framing } = this.options;
    const last = Buffer.concat([lastBytes ? framing.push(lastBytes) : NOTHING, framing.end()]);
    if (last.byteLength > 0) this.begin();
    this.reply.raw.end(last);
  }

  /** The answer consists of events, and not of the bytes of a medium. */
  get speaksEvents(): boolean {
    return this.options.framing.keepAlive !== null;
  }

  /** Ends a stream that failed: with its last event, or where a medium has no words for it by closing the connection. */
  fail(lastEvent: Uint8Array): void {
    if (this.speaksEvents) return this.end(lastEvent);
    this.release();
    const { raw } = this.reply;
    const timer = setTimeout(() => raw.destroy(), this.options.slowClientMs);
    raw.once('close', () => clearTimeout(timer));
    // What was written still reaches the client; the end of the answer does not.
    raw.socket?.destroySoon();
  }

  /** Sends a whole answer. @throws ClientGone */
  send(status: number, contentType: string, body: Buffer): void {
    if (this.signal.aborted) throw this.signal.reason;
    this.release();
    this.firstByteMs ??= performance.now();
    if (this.tape) this.tape.contentType = contentType;
    this.tape?.push(body);
    void this.reply.status(status).headers(this.headers).header('content-type', contentType).send(body);
  }

  /** Lets go of the connection: whatever ends it later is no abort. */
  release(): void {
    clearInterval(this.silence);
    this.reply.raw.off('close', this.closed);
  }

  /** Cuts a client that does not read. */
  cut(): void {
    this.abort('slow_client');
    this.reply.raw.destroy();
  }

  private readonly closed = (): void => this.abort('client_closed_request');

  private abort(reason: GoneReason): void {
    clearInterval(this.silence);
    this.controller.abort(new ClientGone(reason));
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.reply.hijack();
    this.reply.raw.writeHead(200, {
      'content-type': this.options.framing.contentType,
      'cache-control': 'no-cache',
      // Tells nginx not to collect the events.
      'x-accel-buffering': 'no',
      'x-generation-id': this.options.generationId,
      ...this.headers,
    });
  }

  /** Waits until the socket takes more. A socket may close instead of draining, and a client may never read again. */
  private async drained(): Promise<void> {
    this.waiting = true;
    const timer = setTimeout(() => this.cut(), this.options.slowClientMs);
    try {
      await once(this.reply.raw, 'drain', { signal: this.signal });
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.waiting = false;
      this.silence?.refresh();
    }
  }
}
