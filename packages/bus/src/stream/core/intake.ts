import { BodyAssembler } from './body.js';
import { FrameType, encodeFrame, payloadOf, sequenceOf } from './frame.js';
import { BODY_WINDOW_CHUNKS } from './limits.js';
import type { StreamCounters } from './ports.js';

const EMPTY = new Uint8Array(0);

/** The body of a stream at its worker: it came with the call, or comes in chunks, of which some may overtake the word to begin. */
export class BodyIntake {
  private assembler: BodyAssembler | null;
  private early: Uint8Array[] = [];

  constructor(
    private inline: Uint8Array | null,
    bodyBytes: number,
    private readonly counters: StreamCounters,
    private readonly answer: (frame: Uint8Array) => void,
  ) {
    this.assembler = inline ? null : new BodyAssembler(bodyBytes);
  }

  /** The whole body once it is complete, until {@link release}; otherwise empty. */
  get bytes(): Uint8Array {
    return this.inline ?? this.assembler?.bytes ?? EMPTY;
  }

  get complete(): boolean {
    return this.assembler?.complete ?? true;
  }

  /** The number of the chunk that is waited for. */
  get next(): number {
    return this.assembler?.next ?? 0;
  }

  /**
   * Keeps a chunk that came before the word to begin, which takes another connection: as many as a sender sends before it hears of one.
   * Thrown away they would be missed only when the edge asks why nothing comes.
   */
  keepEarly(frame: Uint8Array): void {
    if (this.assembler && this.early.length < BODY_WINDOW_CHUNKS) this.early.push(frame);
    else this.counters.stray += 1;
  }

  /** What {@link keepEarly} has kept, once. */
  takeEarly(): readonly Uint8Array[] {
    const { early } = this;
    this.early = [];
    return early;
  }

  /** Takes a chunk in and tells the edge; true when it was the one that was waited for. */
  take(frame: Uint8Array): boolean {
    if (!this.assembler) {
      this.counters.stray += 1;
      return false;
    }
    const verdict = this.assembler.take(sequenceOf(frame), payloadOf(frame));
    if (verdict === 'violation') this.counters.violations += 1;
    else if (verdict === 'duplicate') this.counters.duplicates += 1;
    else if (verdict === 'gap') {
      this.counters.gaps += 1;
      this.answer(encodeFrame(FrameType.bodyResume, this.assembler.next));
    } else {
      this.answer(encodeFrame(FrameType.bodyAck, this.assembler.next));
      return true;
    }
    return false;
  }

  /** Finished streams are kept for replay, and bodies are big. */
  release(): void {
    this.inline = null;
    this.assembler = null;
    this.early = [];
  }
}
