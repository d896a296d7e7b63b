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
 * Gathers what the streams of one connection send within a turn of the event loop, by the connection of the edge that it goes to. What
 * comes alone goes alone. Each stream keeps its order, as long as all of its numbered frames come through here.
 */
export class Packer {
  private readonly waiting = new Map<string, Waiting>();
  private planned = false;
  private readonly flushNow = () => {
    this.planned = false;
    this.flush();
  };

  constructor(
    private readonly port: Port,
    private readonly scheduler: Scheduler,
  ) {}

  /** @param subject where the frame would go by itself */
  add(subject: string, frame: Uint8Array): void {
    const prefix = framesPrefixOf(subject);
    let waiting = this.waiting.get(prefix);
    if (waiting && (waiting.bytes + frame.length > MAX_PACK_BYTES || waiting.frames.length >= MAX_PACKED_FRAMES)) {
      this.send(prefix, waiting);
      waiting = undefined;
    }
    if (!waiting) this.waiting.set(prefix, (waiting = { subject, frames: [], bytes: 0 }));
    waiting.frames.push({ id: lastToken(subject), frame });
    waiting.bytes += frame.length;
    if (this.planned) return;
    this.planned = true;
    this.scheduler.soon(this.flushNow);
  }

  /** Sends what waits: whatever goes beside it from now on comes later. */
  flush(): void {
    for (const [prefix, waiting] of this.waiting) this.send(prefix, waiting);
  }

  private send(prefix: string, { subject, frames }: Waiting): void {
    this.waiting.delete(prefix);
    const [first] = frames;
    this.port.publish(subject, frames.length === 1 && first ? first.frame : encodePack(frames));
  }
}
