import type { AttemptFailure } from '@switchyard/contracts';
import { BodyAssembler } from './body.js';
import { isEdgeGone, isGivenUp } from './delivery.js';
import type { Delivery } from './delivery.js';
import { busFailure, encodeFailure } from './failure.js';
import {
  FrameType,
  decodeGo,
  decodePosition,
  decodeText,
  encodeFrame,
  encodeJson,
  encodePong,
  encodeTextFrame,
  limited,
  payloadOf,
  sequenceOf,
  typeOf,
} from './frame.js';
import { BODY_WINDOW_CHUNKS, MAX_REASON_CHARACTERS, MAX_WINDOW_BYTES } from './limits.js';
import type { Packer } from './packer.js';
import { FrameSender } from './sender.js';
import { SideChannel } from './side-channel.js';
import { controlPrefix } from './subjects.js';
import type { WorkerHost, WorkerStreamOptions } from './worker-host.js';

type Phase = 'claimed' | 'body' | 'running' | 'finished';

const EMPTY = new Uint8Array(0);

/**
 * One stream at a worker. It holds a claim until the edge says `go`, because only then is it sure that the edge chose this
 * worker and still wants the answer: a worker that was frozen in between wakes up to claims that nobody confirms.
 */
export class WorkerStream {
  private phase: Phase = 'claimed';
  private readonly sender: FrameSender;
  private assembler: BodyAssembler | null;
  /** Chunks that overtook `go`, which takes another connection. */
  private early: Uint8Array[] = [];
  private readonly control: string;
  private readonly packer: Packer | null;
  private controller: AbortController | null = null;
  private abortReason: string | null = null;
  private headSent = false;
  private sinceMs: number;
  private beatMs: number;
  private released = false;
  private forgotten = false;
  private readonly allowed: SideChannel;
  private readonly delivery = Promise.withResolvers<Delivery>();
  readonly id: string;

  constructor(
    private readonly host: WorkerHost,
    readonly options: WorkerStreamOptions,
    private inlineBody: Uint8Array | null,
  ) {
    this.id = options.id;
    this.control = controlPrefix(host.provider, options.port.address) + options.id;
    this.allowed = new SideChannel(host.counters);
    this.packer = options.packs ? host.packerOf(options.port) : null;
    this.sinceMs = host.scheduler.nowMs();
    this.beatMs = this.sinceMs;
    this.assembler = inlineBody ? null : new BodyAssembler(options.bodyBytes);
    this.sender = new FrameSender(host.scheduler, host.timers.coalesceMs, (frame, mayWait) =>
      this.publish(frame, undefined, mayWait),
    );
  }

  get streamId(): string {
    return this.id;
  }

  get meta(): unknown {
    return this.options.meta;
  }

  /** The whole body while the handler runs; empty afterwards, because finished streams are kept for replay and bodies are big. */
  get body(): Uint8Array {
    return this.inlineBody ?? this.assembler?.bytes ?? EMPTY;
  }

  /** Nobody knows yet whether the edge wants it from this worker. */
  get claimed(): boolean {
    return this.phase === 'claimed';
  }

  /** `end` or `fail` was called, or will never be heard. */
  get closed(): boolean {
    return this.sender.closing;
  }

  /** Sent to its end, and kept because the edge has not confirmed that everything arrived. */
  get retained(): boolean {
    return this.phase === 'finished';
  }

  /** Settles once after `end` or `fail`: whether the answer arrived as a whole. */
  get delivered(): Promise<Delivery> {
    return this.delivery.promise;
  }

  get outstandingBytes(): number {
    return this.sender.outstandingBytes;
  }

  get ringFrames(): number {
    return this.sender.ringFrames;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortReason !== null) this.controller.abort(this.abortReason);
    return this.controller.signal;
  }

  /** Says that this worker takes the stream. Repeated when the call comes twice. */
  accept(): void {
    if (this.phase !== 'claimed') return;
    this.publish(encodeTextFrame(FrameType.accept, `${this.host.worker}.${this.host.bulkAddress}`), this.control);
  }

  head(meta: unknown): void {
    if (this.headSent || this.closed) throw new TypeError('head comes once, before data and the end');
    this.headSent = true;
    this.sender.head(limited(encodeJson(meta)));
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.headSent) throw new TypeError('head comes before data');
    return this.sender.write(bytes);
  }

  end(meta: unknown): Promise<void> {
    if (!this.headSent) throw new TypeError('head comes before the end');
    return this.finish(FrameType.end, limited(encodeJson(meta)));
  }

  fail(failure: AttemptFailure): Promise<void> {
    return this.finish(FrameType.fail, limited(encodeFailure(failure)));
  }

  abort(reason: string): void {
    if (this.phase === 'finished') {
      if (isGivenUp(reason)) this.settle(isEdgeGone(reason) ? 'lost' : 'unknown');
      return;
    }
    if (this.abortReason !== null) return;
    this.abortReason = reason;
    this.controller?.abort(reason);
    this.sender.discard();
    if (this.phase === 'claimed') this.drop();
    else if (this.phase === 'body') void this.fail(busFailure('client_closed_request', 'body'));
  }

  /** Tells the edge something between the frames: not numbered and not repeated, so the caller repeats it. */
  meter(reading: unknown): void {
    if (this.phase === 'running') this.publish(encodeFrame(FrameType.meter, 0, limited(encodeJson(reading))));
  }

  /** Calls back with what the edge answers to {@link meter}; it may come twice, late or never. */
  onAllow(listener: (answer: unknown) => void): void {
    this.allowed.listen(listener);
  }

  /** The edge has everything. */
  done(): void {
    if (this.phase === 'finished') this.settle('confirmed');
  }

  /** The process ends and can wait no longer. */
  giveUpWaiting(): void {
    if (this.phase === 'finished') this.drop();
  }

  onFrame(frame: Uint8Array, reply: string | undefined): void {
    switch (typeOf(frame)) {
      case FrameType.go:
        this.onGo(decodeGo(frame));
        return;
      case FrameType.ack:
      case FrameType.resume:
      case FrameType.ping:
        this.onPosition(frame, reply);
        return;
      case FrameType.cancel:
        this.onCancel(frame);
        return;
      case FrameType.body:
        this.onChunk(frame);
        return;
      case FrameType.allow:
        this.allowed.take(frame);
        return;
      default:
        this.host.counters.malformed += 1;
    }
  }

  onReconnect(): void {
    if (this.phase === 'running' || this.phase === 'finished') this.beat();
  }

  tick(nowMs: number): void {
    const { timers } = this.host;
    const sinceMs = nowMs - this.sinceMs;
    if (this.phase === 'claimed' && sinceMs >= timers.claimMs) this.drop();
    else if (this.phase === 'body' && sinceMs >= timers.bodyIdleMs) void this.fail(busFailure('stream_lost', 'body'));
    else if (this.phase === 'finished') this.tickFinished(nowMs);
    else if (this.phase === 'running') this.tickRunning(nowMs);
  }

  /** Asks for the confirmation until it comes: who pays depends on it. */
  private tickFinished(nowMs: number): void {
    const { timers } = this.host;
    // Without a connection nobody can confirm, so that time does not count. No new streams come then, which bounds what waits.
    if (!this.options.port.connected) this.sinceMs = nowMs;
    else if (nowMs - this.sinceMs >= timers.retainMs) this.drop();
    else if (nowMs - this.beatMs >= timers.confirmAskMs) this.beat();
  }

  private tickRunning(nowMs: number): void {
    const { timers } = this.host;
    const { port } = this.options;
    if (!port.connected && nowMs - port.changedAtMs >= timers.streamLostMs) this.abort('stream_lost');
    else if (nowMs - this.beatMs >= timers.streamBeatMs) this.beat();
  }

  /** Tells the edge how far we are, and where to object if it does not know the stream any more. */
  private beat(): void {
    this.beatMs = this.host.scheduler.nowMs();
    this.publish(encodeFrame(FrameType.beat, this.sender.next), this.control);
  }

  private onGo(windowBytes: number | null): void {
    if (windowBytes === null || windowBytes < 1 || windowBytes > MAX_WINDOW_BYTES) {
      this.host.counters.malformed += 1;
      return;
    }
    if (this.phase !== 'claimed') {
      this.host.counters.duplicates += 1;
      return;
    }
    this.sender.windowBytes = windowBytes;
    this.sinceMs = this.host.scheduler.nowMs();
    this.phase = 'body';
    if (!this.assembler || this.assembler.complete) this.start();
    const { early } = this;
    this.early = [];
    for (const frame of early) this.onChunk(frame);
  }

  private start(): void {
    this.phase = 'running';
    this.beatMs = this.host.scheduler.nowMs();
    this.host.run(this);
  }

  private onPosition(frame: Uint8Array, reply: string | undefined): void {
    const position = decodePosition(frame);
    if (!position) {
      this.host.counters.malformed += 1;
      return;
    }
    if (!this.sender.acknowledge(position)) {
      this.host.counters.violations += 1;
      return;
    }
    // The edge is still at it: a client may take long over the last bytes.
    if (this.phase === 'finished') this.sinceMs = this.host.scheduler.nowMs();
    const type = typeOf(frame);
    if (type === FrameType.ping && reply === this.options.reply) {
      const nextChunk = this.assembler?.next ?? 0;
      this.publish(encodePong(this.sender.next, { claimed: this.phase === 'claimed', nextChunk }));
    } else if (type === FrameType.resume) {
      this.replay(position.next);
    }
  }

  private replay(next: number): void {
    this.host.counters.resumed += 1;
    if (this.sender.replay(next)) return;
    // Never a hole: what cannot be replayed ends the stream.
    this.publish(encodeFrame(FrameType.unknown));
    this.abort('stream_lost');
  }

  private onCancel(frame: Uint8Array): void {
    let reason = 'cancelled';
    try {
      reason = decodeText(payloadOf(frame)).slice(0, MAX_REASON_CHARACTERS) || reason;
    } catch {
      this.host.counters.malformed += 1;
    }
    this.abort(reason);
  }

  private onChunk(frame: Uint8Array): void {
    // As many as a sender sends before it hears of one. Thrown away they would be missed only when the edge asks why nothing comes.
    if (this.phase === 'claimed' && this.assembler && this.early.length < BODY_WINDOW_CHUNKS) {
      this.early.push(frame);
      return;
    }
    if (this.phase !== 'body' || !this.assembler) {
      this.host.counters.stray += 1;
      return;
    }
    const verdict = this.assembler.take(sequenceOf(frame), payloadOf(frame));
    if (verdict === 'violation') this.host.counters.violations += 1;
    else if (verdict === 'duplicate') this.host.counters.duplicates += 1;
    else if (verdict === 'gap') {
      this.host.counters.gaps += 1;
      this.publish(encodeFrame(FrameType.bodyResume, this.assembler.next));
    } else {
      this.sinceMs = this.host.scheduler.nowMs();
      this.publish(encodeFrame(FrameType.bodyAck, this.assembler.next));
      if (this.assembler.complete) this.start();
    }
  }

  private async finish(type: typeof FrameType.end | typeof FrameType.fail, payload: Uint8Array): Promise<void> {
    if (this.closed) throw new TypeError('a stream ends once');
    await this.sender.finish(type, payload);
    // Forgotten while the last frame waited for credit.
    if (this.forgotten) return;
    this.sinceMs = this.host.scheduler.nowMs();
    this.beatMs = this.sinceMs;
    this.phase = 'finished';
    this.releaseOnce();
    if (isEdgeGone(this.abortReason)) this.settle('lost');
  }

  private settle(delivery: Delivery): void {
    this.delivery.resolve(delivery);
    this.drop();
  }

  private releaseOnce(): void {
    if (this.released) return;
    this.released = true;
    this.inlineBody = null;
    this.assembler = null;
    this.early = [];
    this.host.release(this);
  }

  private drop(): void {
    if (this.forgotten) return;
    this.forgotten = true;
    this.phase = 'finished';
    this.delivery.resolve('unknown');
    this.sender.close();
    this.releaseOnce();
    this.host.forget(this);
  }

  private publish(frame: Uint8Array, reply?: string, mayWait = false): void {
    const { port, reply: subject } = this.options;
    if (this.packer && reply === undefined) {
      this.packer.add(subject, frame, mayWait);
      return;
    }
    // It may say how far we are, which is not true before the frames are sent that wait.
    this.packer?.flush();
    port.publish(subject, frame, reply);
  }
}
