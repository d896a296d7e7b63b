/**
 * Keeps the bytes of an answer as its client gets them, for whoever wants to keep the answer. An answer longer than the limit is not
 * kept at all: half of one is of no use.
 */
export class AnswerTape {
  private pieces: Uint8Array[] = [];
  private bytes = 0;
  /** Of an answer in one piece; empty for a stream, which is framed as its client wants it. */
  contentType = '';

  constructor(private readonly maxBytes: number) {}

  push(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    if (this.tooLong) this.pieces = [];
    else this.pieces.push(bytes);
  }

  get tooLong(): boolean {
    return this.bytes > this.maxBytes;
  }

  /** What was said so far; null when it is too long. */
  content(): Buffer | null {
    return this.tooLong ? null : Buffer.concat(this.pieces, this.bytes);
  }
}
