import { TransientMap } from '../../collections/index.js';
import { encodePack } from './pack.js';
import type { PackedFrame } from './pack.js';
import { MAX_PACK_BYTES, MAX_PACKED_FRAMES } from './limits.js';
import type { Port, Scheduler } from './ports.js';
import { framesPrefixOf, lastToken } from './subjects.js';

interface Waiting {
  readonly subject: string;
  readonly frames: PackedFrame[];
  bytes: number;
}

/**
 * Gathers what the streams of one connection send, by the connection of the edge that it goes to: within a turn of the event loop what
 * somebody waits for (heads, first tokens, ends), and from pack to pack of `packMs` what comes in the middle of streams. What comes alone
 * goes alone, and at once where nothing was sent for as long. Each stream keeps its order, as long as all of its numbered frames come
 * through here.
 */
export class Packer {
  private readonly waiting = new TransientMap<string, Waiting>();
  private turnPlanned = false;
  private timerPlanned = false;
  private sentMs = -Infinity;
  private readonly endTurn = () => {
    this.turnPlanned = false;
    this.flush();
  };
  private readonly endWait = () => {
    this.timerPlanned = false;
    this.flush();
  };

  constructor(
    private readonly port: Port,
    private readonly scheduler: Scheduler,
    private readonly packMs: number,
  ) {}

  /**
   * @param subject where the frame would go by itself
   * @param mayWait it is in the middle of a stream
   */
  add(subject: string, frame: Uint8Array, mayWait = false): void {
    const prefix = framesPrefixOf(subject);
    let waiting = this.waiting.get(prefix);
    if (waiting && (waiting.bytes + frame.length > MAX_PACK_BYTES || waiting.frames.length >= MAX_PACKED_FRAMES)) {
      this.send(prefix, waiting);
      waiting = undefined;
    }
    if (!waiting) this.waiting.set(prefix, (waiting = { subject, frames: [], bytes: 0 }));
    waiting.frames.push({ id: lastToken(subject), frame });
    waiting.bytes += frame.length;
    if (!this.turnPlanned) this.plan(mayWait);
  }

  /** Sends what waits: whatever goes beside it from now on comes later. */
  flush(): void {
    for (const [prefix, waiting] of this.waiting) this.send(prefix, waiting);
  }

  private plan(mayWait: boolean): void {
    const sinceMs = mayWait ? this.scheduler.nowMs() - this.sentMs : Infinity;
    if (sinceMs >= this.packMs) {
      this.turnPlanned = true;
      this.scheduler.soon(this.endTurn);
    } else if (!this.timerPlanned) {
      this.timerPlanned = true;
      this.scheduler.after(this.packMs - sinceMs, this.endWait);
    }
  }

  private send(prefix: string, { subject, frames }: Waiting): void {
    this.waiting.delete(prefix);
    this.sentMs = this.scheduler.nowMs();
    const [first] = frames;
    this.port.publish(subject, frames.length === 1 && first ? first.frame : encodePack(frames));
  }
}
