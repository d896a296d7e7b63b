import { TransientMap } from '../../collections/index.js';
import { ByteBudget } from './body.js';
import { decodeCall } from './call.js';
import type { Call } from './call.js';
import { busFailure, encodeFailure } from './failure.js';
import { FrameType, encodeFrame, encodeTextFrame, isFrame, payloadOf, typeOf } from './frame.js';
import { BODY_BUDGET_BYTES, MAX_BODY_BYTES } from './limits.js';
import { Liveness } from './liveness.js';
import { Packer } from './packer.js';
import type { Port, Scheduler, StreamCounters } from './ports.js';
import { ID_BYTES, controlPrefix, isFramesSubject, isId, lastToken } from './subjects.js';
import type { StreamTimers } from './timers.js';
import type { WorkerHost } from './worker-host.js';
import { WorkerStream } from './worker-stream.js';

export interface WorkerPeerOptions {
  readonly provider: string;
  readonly worker: string;
  /** Random name under which the connection for bodies listens. */
  readonly bulkAddress: string;
  readonly ports: readonly Port[];
  readonly scheduler: Scheduler;
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  /** Streams at a time. */
  readonly capacity: number;
  readonly bodyBudgetBytes?: number;
  /** Serves a stream; what it throws fails the stream. */
  readonly handle: (stream: WorkerStream) => Promise<void>;
  /**
   * Called at most once before {@link handle}, while the edge makes up its mind about the claim: what can be worked out in that time
   * and touches nobody. Many streams are served without it.
   */
  readonly prepare?: (stream: WorkerStream) => void;
  /** Called when the worker becomes full (false) and when it has room again (true). */
  readonly onRoom: (room: boolean) => void;
  readonly onFault: (error: unknown) => void;
}

/** All streams of a worker process: answers calls, routes what comes in, cancels streams of dead edges. */
export class WorkerPeer implements WorkerHost {
  private readonly byId = new TransientMap<string, WorkerStream>();
  private readonly byEdge = new Map<string, TransientMap<string, WorkerStream>>();
  private readonly packers = new Map<Port, Packer>();
  private readonly liveness: Liveness;
  private room = true;
  private idle: PromiseWithResolvers<void> | null = null;
  readonly budget: ByteBudget;
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  readonly scheduler: Scheduler;
  readonly worker: string;
  readonly provider: string;
  readonly bulkAddress: string;
  /** Streams that take capacity: claimed or running. */
  inFlight = 0;
  /** No new streams. */
  draining = false;

  constructor(private readonly options: WorkerPeerOptions) {
    this.timers = options.timers;
    this.counters = options.counters;
    this.scheduler = options.scheduler;
    this.worker = options.worker;
    this.provider = options.provider;
    this.bulkAddress = options.bulkAddress;
    this.budget = new ByteBudget(options.bodyBudgetBytes ?? BODY_BUDGET_BYTES);
    this.liveness = new Liveness(options.timers.missedBeats);
  }

  /** Finished streams whose frames may still be asked for. */
  get retained(): number {
    let count = 0;
    for (const stream of this.byId.values()) if (stream.retained) count += 1;
    return count;
  }

  onCall(port: Port, frame: Uint8Array, reply: string | undefined): void {
    const call = reply && isFramesSubject(reply) ? decodeCall(frame) : null;
    if (!call || !reply) {
      this.counters.malformed += 1;
      return;
    }
    const id = lastToken(reply);
    const known = this.byId.get(id);
    if (known) {
      this.counters.duplicates += 1;
      known.accept();
    } else if (call.bodyBytes > MAX_BODY_BYTES) {
      port.publish(reply, encodeFrame(FrameType.bad, 0, encodeFailure(busFailure('payload_too_large', 'claim'))));
    } else if (this.draining || this.inFlight >= this.options.capacity || !this.budget.reserve(call.bodyBytes)) {
      port.publish(reply, encodeTextFrame(FrameType.busy, this.draining ? 'draining' : 'capacity'));
    } else {
      this.claim(port, id, reply, call);
    }
  }

  /** A message to a stream, or a call, through the name of a connection, of the bulk connection or of the worker. */
  onControl(port: Port, target: string, subject: string, frame: Uint8Array, reply: string | undefined): void {
    if (!isFrame(frame)) {
      this.counters.malformed += 1;
      return;
    }
    if (typeOf(frame) === FrameType.done) {
      this.onDone(payloadOf(frame));
      return;
    }
    if (typeOf(frame) === FrameType.call) {
      this.onCall(port, frame, reply);
      return;
    }
    const stream = this.byId.get(subject.slice(controlPrefix(this.provider, target).length));
    if (stream) {
      stream.onFrame(frame, reply);
      return;
    }
    this.counters.stray += 1;
    if (typeOf(frame) === FrameType.ping && reply && isFramesSubject(reply))
      port.publish(reply, encodeFrame(FrameType.unknown));
  }

  onEdgeBeat(edge: string): void {
    this.liveness.beat(edge);
  }

  /** One interval of edge heartbeats has passed. */
  onBeatInterval(): void {
    if (!this.options.ports.some((port) => port.connected)) return;
    for (const edge of this.liveness.tick()) this.abortAll(this.byEdge.get(edge)?.values() ?? [], 'edge_lost');
  }

  onReconnect(port: Port): void {
    this.liveness.reset();
    for (const stream of this.byId.values()) if (stream.options.port === port) stream.onReconnect();
  }

  tick(): void {
    const nowMs = this.scheduler.nowMs();
    for (const stream of this.byId.values()) stream.tick(nowMs);
  }

  abortAll(streams: Iterable<WorkerStream> = this.byId.values(), reason = 'drain'): void {
    for (const stream of streams) stream.abort(reason);
  }

  /** The process ends: finished streams wait for their confirmation no longer. */
  giveUpWaiting(): void {
    for (const packer of this.packers.values()) packer.flush();
    for (const stream of this.byId.values()) stream.giveUpWaiting();
  }

  /** Resolves when no stream takes capacity. */
  whenIdle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    this.idle ??= Promise.withResolvers<void>();
    return this.idle.promise;
  }

  packerOf(port: Port): Packer {
    let packer = this.packers.get(port);
    if (!packer) this.packers.set(port, (packer = new Packer(port, this.scheduler, this.timers.packMs)));
    return packer;
  }

  run(stream: WorkerStream): void {
    void this.serve(stream);
  }

  release(stream: WorkerStream): void {
    this.inFlight -= 1;
    this.budget.release(stream.options.bodyBytes);
    this.updateRoom();
    if (this.inFlight === 0) {
      this.idle?.resolve();
      this.idle = null;
    }
  }

  /** Until now the death of its edge concerned it: an answer that nobody confirmed is not known to have arrived. */
  forget(stream: WorkerStream): void {
    this.byId.delete(stream.id);
    const { edge } = stream.options;
    this.liveness.unwatch(edge);
    const streams = this.byEdge.get(edge);
    streams?.delete(stream.id);
    if (streams?.size === 0) this.byEdge.delete(edge);
  }

  private claim(port: Port, id: string, reply: string, call: Call): void {
    const { edge, packs, traceparent, meta, bodyBytes } = call;
    const stream = new WorkerStream(
      this,
      { id, port, reply, edge, packs, traceparent, meta, bodyBytes },
      call.inlineBody,
    );
    this.byId.set(id, stream);
    this.inFlight += 1;
    this.liveness.watch(edge);
    let streams = this.byEdge.get(edge);
    if (!streams) this.byEdge.set(edge, (streams = new TransientMap()));
    streams.set(id, stream);
    this.updateRoom();
    if (call.start && stream.begin(call.start)) return;
    if (call.start) this.counters.late += 1;
    stream.accept();
    // Behind the claim.
    if (call.inlineBody && this.options.prepare) this.scheduler.afterTurn(() => this.prepare(stream));
  }

  private prepare(stream: WorkerStream): void {
    if (!stream.claimed) return;
    try {
      this.options.prepare?.(stream);
    } catch (error) {
      this.counters.faults += 1;
      this.options.onFault(error);
    }
  }

  private async serve(stream: WorkerStream): Promise<void> {
    try {
      await this.options.handle(stream);
      if (!stream.closed) await stream.fail(busFailure('internal', 'stream'));
    } catch (error) {
      this.counters.faults += 1;
      this.options.onFault(error);
      if (!stream.closed) await stream.fail(busFailure('internal', 'stream'));
    }
  }

  private onDone(ids: Uint8Array): void {
    if (ids.length === 0 || ids.length % ID_BYTES !== 0) {
      this.counters.malformed += 1;
      return;
    }
    const text = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString('latin1');
    for (let at = 0; at < text.length; at += ID_BYTES) {
      const id = text.slice(at, at + ID_BYTES);
      if (isId(id)) this.byId.get(id)?.done();
      else this.counters.malformed += 1;
    }
  }

  /** A full worker leaves the queue group and comes back with some room to spare, not for every single stream. */
  private updateRoom(): void {
    const { capacity, onRoom } = this.options;
    const spare = Math.max(1, Math.floor(capacity / 10));
    const room = this.room ? this.inFlight < capacity : this.inFlight <= capacity - spare;
    if (room === this.room) return;
    this.room = room;
    onRoom(room);
  }
}
