import { TransientMap } from '../../collections/index.js';
import type { EdgeEntry, EdgeHost, OpenOptions, Verdict } from './edge-host.js';
import { encodeCall } from './call.js';
import type { Start } from './call.js';
import { EdgeStream } from './edge-stream.js';
import { EndedStreams } from './ended-streams.js';
import { StreamFailure, busFailure } from './failure.js';
import { FrameType, encodeFrame, encodeJson, encodeTextFrame, isFrame, typeOf } from './frame.js';
import {
  DEFAULT_WINDOW_BYTES,
  MAX_BODY_BYTES,
  MAX_INLINE_BODY_BYTES,
  MAX_META_BYTES,
  MAX_WINDOW_BYTES,
} from './limits.js';
import { Liveness } from './liveness.js';
import { decodePack } from './pack.js';
import type { Port, Scheduler, StreamCounters } from './ports.js';
import { assertToken, framesPrefix, isControlSubject } from './subjects.js';
import type { StreamTimers } from './timers.js';
import type { HeardBeat } from './worker-beat.js';
import { WorkerDirectory } from './worker-directory.js';
import type { Starter } from './worker-directory.js';

export interface EdgePeerOptions {
  readonly ports: readonly Port[];
  /** Bodies go out through a connection of their own. */
  readonly bulk: Port;
  /** Random id of this process, in heartbeats and calls. */
  readonly edge: string;
  readonly scheduler: Scheduler;
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  readonly newId: () => string;
  /** A worker has died, as far as can be seen: who waits for a word of it need not. */
  readonly onWorkerGone?: (worker: string) => void;
}

/** The confirmations of finished streams that go out in one message. */
const DONE_BATCH = 64;

/** All streams of an edge process: routes what comes in, looks at deadlines, notices dead workers. */
export class EdgePeer implements EdgeHost {
  private readonly byId = new TransientMap<string, EdgeEntry>();
  private readonly byWorker = new Map<string, TransientMap<number, EdgeStream>>();
  private readonly watched = new TransientMap<number, EdgeStream>();
  private readonly running = new TransientMap<number, EdgeStream>();
  private readonly liveness: Liveness;
  private readonly directory: WorkerDirectory;
  private readonly ended = new EndedStreams();
  private endedTurnMs = 0;
  private readonly doneByControl = new Map<string, string[]>();
  private donePlanned = false;
  readonly timers: StreamTimers;
  readonly counters: StreamCounters;
  readonly bulk: Port;

  constructor(private readonly options: EdgePeerOptions) {
    this.timers = options.timers;
    this.counters = options.counters;
    this.bulk = options.bulk;
    this.liveness = new Liveness(options.timers.missedBeatsInStream);
    this.directory = new WorkerDirectory(options.timers.missedBeats);
  }

  /** Streams that a worker serves or is asked to. */
  get inFlight(): number {
    return this.running.size;
  }

  newId(): string {
    return this.options.newId();
  }

  nowMs(): number {
    return this.options.scheduler.nowMs();
  }

  /**
   * Starts a stream; `opened` of it settles at its head.
   * @throws StreamFailure at once for a body or meta over the limit and when no connection is up.
   */
  open(options: OpenOptions, traceparent = ''): EdgeStream {
    assertToken(options.provider, 'provider');
    const meta = encodeJson(options.meta);
    if (options.body.length > MAX_BODY_BYTES || meta.length > MAX_META_BYTES)
      throw new StreamFailure(busFailure('payload_too_large', 'claim'));
    const port = this.choosePort();
    if (!port) throw new StreamFailure(busFailure('worker_unavailable', 'claim', { retryAfterMs: 1000 }));
    const chunked = options.body.length > MAX_INLINE_BODY_BYTES;
    const { edge } = this.options;
    const bodyBytes = options.body.length;
    const inlineBody = chunked ? null : options.body;
    const call = (start: Start | null) => encodeCall({ edge, traceparent, meta, bodyBytes, inlineBody, start });
    const windowBytes = Math.min(Math.max(1, options.windowBytes ?? DEFAULT_WINDOW_BYTES), MAX_WINDOW_BYTES);
    const stream = new EdgeStream(this, port, options.provider, windowBytes, call, chunked ? options.body : null);
    this.watched.set(stream.serial, stream);
    this.running.set(stream.serial, stream);
    return stream;
  }

  onMessage(port: Port, subject: string, frame: Uint8Array, reply: string | undefined): void {
    if (!isFrame(frame)) {
      this.counters.malformed += 1;
      return;
    }
    if (typeOf(frame) === FrameType.pack) this.onPack(port, frame);
    else this.onFrame(port, subject.slice(framesPrefix(port.address).length), frame, reply);
  }

  private onPack(port: Port, pack: Uint8Array): void {
    const frames = decodePack(pack);
    if (!frames) this.counters.malformed += 1;
    for (const { id, frame } of frames ?? []) this.onFrame(port, id, frame, undefined);
  }

  private onFrame(port: Port, id: string, frame: Uint8Array, reply: string | undefined): void {
    const stream = this.byId.get(id);
    if (stream) {
      stream.onFrame(id, frame, reply);
      return;
    }
    this.counters.stray += 1;
    // A worker with a stream that nobody here knows any more says where it listens, and is told how the stream ended or to stop.
    if (reply && isControlSubject(reply) && reply.endsWith(id)) this.answerStray(port, reply, id);
  }

  private answerStray(port: Port, control: string, id: string): void {
    const verdict = this.ended.verdictOf(id);
    if (verdict === 'arrived') this.confirmDone(control, id);
    else port.publish(control, encodeTextFrame(FrameType.cancel, verdict ? 'stream_lost' : 'unknown stream'));
  }

  /** The broker says that nobody listens where a call or ping of this stream went. */
  onNoResponders(port: Port, subject: string): void {
    const id = subject.slice(framesPrefix(port.address).length);
    this.byId.get(id)?.onNoResponders(id);
  }

  onWorkerBeat(provider: string, worker: string, beat: HeardBeat): void {
    this.liveness.beat(worker);
    this.directory.beat(provider, worker, beat, this.nowMs());
  }

  /** One interval of worker heartbeats has passed. */
  onBeatInterval(): void {
    if (!this.options.ports.some((port) => port.connected)) return;
    for (const worker of this.directory.tick()) this.options.onWorkerGone?.(worker);
    this.turnEnded();
    for (const worker of this.liveness.tick()) this.buryWorker(worker);
  }

  onDisconnect(port: Port): void {
    for (const stream of this.running.values()) if (stream.port === port) stream.onDisconnect();
  }

  onReconnect(port: Port): void {
    this.liveness.reset();
    const nowMs = this.nowMs();
    for (const stream of this.running.values()) if (stream.port === port) stream.onReconnect(nowMs);
  }

  tick(): void {
    const nowMs = this.nowMs();
    for (const stream of this.watched.values()) stream.tick(nowMs);
  }

  /** The process ends: every stream is cancelled. */
  close(): void {
    for (const stream of this.watched.values()) void stream.cancel('edge closed');
    this.flushDone();
  }

  servedProviders(): ReadonlySet<string> | null {
    return this.directory.served();
  }

  workersOf(provider: string, count: number): string[] {
    return this.directory.choose(provider, count);
  }

  starter(provider: string): Starter | null {
    return this.directory.starter(provider);
  }

  doubt(provider: string, worker: string): void {
    this.directory.doubt(provider, worker);
  }

  register(id: string, stream: EdgeEntry): void {
    this.byId.set(id, stream);
  }

  unregister(id: string): void {
    this.byId.delete(id);
  }

  bind(worker: string, stream: EdgeStream): void {
    this.liveness.watch(worker);
    let streams = this.byWorker.get(worker);
    if (!streams) this.byWorker.set(worker, (streams = new TransientMap()));
    streams.set(stream.serial, stream);
  }

  buryWorker(worker: string): void {
    for (const stream of this.byWorker.get(worker)?.values() ?? []) stream.onWorkerDead();
    this.options.onWorkerGone?.(worker);
  }

  release(stream: EdgeStream, worker: string | null): void {
    this.running.delete(stream.serial);
    if (worker === null) return;
    this.liveness.unwatch(worker);
    const streams = this.byWorker.get(worker);
    streams?.delete(stream.serial);
    if (streams?.size === 0) this.byWorker.delete(worker);
  }

  forget(stream: EdgeStream): void {
    this.watched.delete(stream.serial);
  }

  closeStream(control: string, id: string, verdict: Verdict): void {
    this.unregister(id);
    this.ended.remember(id, verdict);
    if (verdict === 'arrived') this.confirmDone(control, id);
  }

  /** One interval of worker heartbeats has passed with a connection. */
  private turnEnded(): void {
    this.endedTurnMs += this.timers.workerBeatMs;
    if (this.endedTurnMs < this.timers.retainMs) return;
    this.endedTurnMs = 0;
    this.ended.turn();
  }

  private confirmDone(control: string, id: string): void {
    const target = control.slice(0, -id.length);
    const ids = this.doneByControl.get(target);
    if (ids?.includes(id)) return;
    if (ids) ids.push(id);
    else this.doneByControl.set(target, [id]);
    if (ids && ids.length >= DONE_BATCH) this.flushDone();
    else if (!this.donePlanned) {
      this.donePlanned = true;
      // Not later than this turn: an edge that is killed before it has told gives the answer away.
      this.options.scheduler.soon(() => {
        this.donePlanned = false;
        this.flushDone();
      });
    }
  }

  private flushDone(): void {
    const port = this.options.ports.find((candidate) => candidate.connected);
    // Without a connection the workers ask when they are back.
    if (port) {
      for (const [target, ids] of this.doneByControl) {
        const payload = Buffer.from(ids.join(''), 'latin1');
        port.publish(target + ids[0]!, encodeFrame(FrameType.done, 0, payload));
      }
    }
    this.doneByControl.clear();
  }

  /** Streams spread over the connections at random, as their ids are; one that is away is passed over. */
  private choosePort(): Port | null {
    const { ports } = this.options;
    const start = Math.floor(Math.random() * ports.length);
    for (let offset = 0; offset < ports.length; offset += 1) {
      const port = ports[(start + offset) % ports.length]!;
      if (port.connected) return port;
    }
    return null;
  }
}
