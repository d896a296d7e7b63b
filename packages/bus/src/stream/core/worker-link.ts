import type { Bound } from './claim.js';
import { FrameType, encodeFrame, encodeGo, encodePosition, encodeTextFrame } from './frame.js';
import type { Position } from './frame.js';
import type { Port } from './ports.js';
import { framesPrefix } from './subjects.js';

/** What an edge says to the worker that serves a stream. */
export class WorkerLink {
  constructor(
    private readonly port: Port,
    readonly bound: Bound,
  ) {}

  go(windowBytes: number): void {
    this.port.publish(this.bound.control, encodeGo(windowBytes));
  }

  acknowledge(position: Position): void {
    this.port.publish(this.bound.control, encodePosition(FrameType.ack, position));
  }

  resume(position: Position): void {
    this.port.publish(this.bound.control, encodePosition(FrameType.resume, position));
  }

  /** Goes to the process, with a reply: the worker answers, or the broker does when there is none. */
  ping(position: Position): void {
    const reply = framesPrefix(this.port.address) + this.bound.id;
    this.port.publish(this.bound.process, encodePosition(FrameType.ping, position), reply);
  }

  allow(answer: Uint8Array): void {
    this.port.publish(this.bound.control, encodeFrame(FrameType.allow, 0, answer));
  }

  cancel(reason: string): void {
    this.port.publish(this.bound.control, encodeTextFrame(FrameType.cancel, reason));
  }
}
