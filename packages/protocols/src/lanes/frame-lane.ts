import type { UpstreamFailure } from '@switchyard/contracts';
import { FrameReader } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import type { LaneSummary, StreamReader } from '../types.js';
import { OutputGate } from './output-gate.js';
import type { SummaryKeeper } from './summary-keeper.js';

/** What lanes share that read a stream frame by frame. They say what becomes of a frame; when its bytes go out is decided here. */
export abstract class FrameLane {
  protected readonly gate = new OutputGate();
  protected abstract readonly reader: StreamReader;
  protected abstract readonly keeper: SummaryKeeper;
  private frames: FrameReader | null = null;

  get summary(): LaneSummary {
    return this.keeper;
  }

  get done(): boolean {
    return this.reader.done || this.keeper.failure !== null;
  }

  push(bytes: Uint8Array): Uint8Array | null {
    const frames = (this.frames ??= new FrameReader());
    for (const frame of frames.push(bytes)) if (!this.reader.done) this.pass(frame);
    this.fail(frames.failure);
    return this.gate.take();
  }

  finish(): Uint8Array | null {
    if (!this.done) {
      const frames = (this.frames ??= new FrameReader());
      for (const frame of frames.end()) this.pass(frame);
      this.fail(frames.failure);
      this.close();
    }
    return this.gate.take();
  }

  /** Writes what the client gets of a frame into the gate. */
  protected abstract pass(frame: Frame): void;

  /** The input is over, and no frame of it said so. */
  protected abstract close(): void;

  private fail(failure: UpstreamFailure | null): void {
    if (failure && !this.keeper.terminal) this.keeper.observe({ type: 'error', failure });
  }
}
