import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenEntry } from './book.js';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Thrown by writes when the other side is gone; everything above just stops. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** The answering side of one exchange: every byte is counted in the book when the socket took it. */
export class Wire {
  closed = false;
  /** Set when this side closes early on purpose: that is no abort of the client's. */
  private cut = false;
  private readonly leaving = new Set<() => void>();

  constructor(
    readonly response: ServerResponse,
    readonly entry: OpenEntry,
  ) {
    response.on('error', () => this.leave());
    response.on('close', () => this.leave());
  }

  head(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    if (this.closed) throw new ClientGone();
    this.entry.status = status;
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
  }

  /** Resolves when the socket took the bytes. */
  async write(bytes: string | Uint8Array, tokens = 0): Promise<void> {
    const startedAtMs = performance.now();
    await this.unlessGone((done) => this.response.write(bytes, (error) => !error && done()));
    this.entry.blockedMs += performance.now() - startedAtMs;
    this.entry.outputTokens += tokens;
    this.entry.outputBytes += Buffer.byteLength(bytes);
  }

  async end(): Promise<void> {
    await this.unlessGone((done) => this.response.end(done));
  }

  /** Closes without a proper end: FIN, or RST. */
  destroy(how: 'fin' | 'rst'): never {
    this.cut = true;
    if (how === 'rst') this.response.socket?.resetAndDestroy();
    else this.response.socket?.destroy();
    throw new ClientGone();
  }

  async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await this.unlessGone((done) => (timer = setTimeout(done, ms))).finally(() => clearTimeout(timer));
  }

  /** Waits until the client leaves. */
  async stall(): Promise<never> {
    await this.unlessGone(() => undefined);
    throw new ClientGone();
  }

  private async unlessGone(start: (done: () => void) => void): Promise<void> {
    if (this.closed) throw new ClientGone();
    let leave: (() => void) | undefined;
    await new Promise<void>((resolve, reject) => {
      leave = () => reject(new ClientGone());
      this.leaving.add(leave);
      start(resolve);
    }).finally(() => leave && this.leaving.delete(leave));
  }

  private leave(): void {
    if (this.closed) return;
    this.closed = true;
    this.entry.endedAtMs = Date.now();
    if (!this.response.writableFinished && !this.cut) {
      this.entry.aborted = true;
      this.entry.abortedAtMs = this.entry.endedAtMs;
    }
    for (const leave of this.leaving) leave();
  }
}

/** The whole body of a request. @throws RangeError when it is too long */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('body too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
