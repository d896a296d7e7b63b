import type { AttemptFailure } from '@switchyard/contracts';
import { isEdgeGone, isGivenUp } from './delivery.js';
import type { Delivery } from './delivery.js';
import type { Start } from './call.js';
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
  typeOf,
} from './frame.js';
import { BodyIntake } from './intake.js';
import { MAX_REASON_CHARACTERS, MAX_WINDOW_BYTES } from './limits.js';
import type { Packer } from './packer.js';
import { FrameSender } from './sender.js';
import { SideChannel } from './side-channel.js';
import { controlPrefix } from './subjects.js';
import type { WorkerHost, WorkerStreamOptions } from './worker-host.js';

type Phase = 'claimed' | 'body' | 'running' | 'finished';

const CLOCK_TOLERANCE_MS = 1;

/**
 * One stream at a worker. A call that says so, and is not late, is begun at once. Any other is a claim until the edge says `go`, because
 * only then is it sure that the edge chose this worker and still wants the answer: a worker that was frozen in between wakes up to
 * calls that are late and claims that nobody confirms.
 */
export class WorkerStream {
  private phase: Phase = 'claimed';
  private readonly sender: FrameSender;
  private readonly intake: BodyIntake;
  private readonly control: string;
  private readonly packer: Packer | null;
  private controller: AbortController | null = null;
  private abortReason: string | null = null;
  /** The edge does not know yet whether this worker has begun. */
  private owesSign = false;
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
    inlineBody: Uint8Array | null,
  ) {
    this.id = options.id;
    this.control = controlPrefix(host.provider, options.port.address) + options.id;
    this.allowed = new SideChannel(host.counters);
    this.packer = options.packs ? host.packerOf(options.port) : null;
    this.sinceMs = host.scheduler.nowMs();
    this.beatMs = this.sinceMs;
    this.intake = new BodyIntake(inlineBody, options.bodyBytes, host.counters, (frame) => this.publish(frame));
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
    return this.intake.bytes;
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

  /** Begins without a claim. False when the call came too late for that: the edge may have given it up. */
  begin({ byMs, windowBytes }: Start): boolean {
    const { startMs, signMs } = this.host.timers;
    const leftMs = byMs - this.host.scheduler.nowMs();
    // More than there was to begin with: what the edge believes of our clock is wrong, as after a machine was suspended.
    const inTime = leftMs >= 0 && leftMs <= startMs + CLOCK_TOLERANCE_MS;
    if (!inTime || this.phase !== 'claimed' || !this.intake.complete || !isWindow(windowBytes)) return false;
    this.sender.windowBytes = windowBytes;
    // A call that took long to get here leaves its edge less time to wait for a word of us.
    if (leftMs < startMs - signMs) this.beat();
    else this.owesSign = true;
    this.start();
    return true;
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
        if (this.phase === 'claimed') this.intake.keepEarly(frame);
        else this.onChunk(frame);
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
    const silentMs = nowMs - this.beatMs;
    if (!port.connected && nowMs - port.changedAtMs >= timers.streamLostMs) this.abort('stream_lost');
    else if (silentMs >= timers.streamBeatMs || (this.owesSign && silentMs >= timers.signMs)) this.beat();
  }

  /** Tells the edge how far we are, and where to object if it does not know the stream any more. */
  private beat(): void {
    this.beatMs = this.host.scheduler.nowMs();
    this.publish(encodeFrame(FrameType.beat, this.sender.next), this.control);
  }

  private onGo(windowBytes: number | null): void {
    if (windowBytes === null || !isWindow(windowBytes)) {
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
    if (this.intake.complete) this.start();
    for (const frame of this.intake.takeEarly()) this.onChunk(frame);
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
      this.publish(encodePong(this.sender.next, { claimed: this.phase === 'claimed', nextChunk: this.intake.next }));
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
    if (this.phase !== 'body') {
      this.host.counters.stray += 1;
      return;
    }
    if (!this.intake.take(frame)) return;
    this.sinceMs = this.host.scheduler.nowMs();
    if (this.intake.complete) this.start();
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
    this.intake.release();
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
    this.owesSign = false;
    if (this.packer && reply === undefined) {
      this.packer.add(subject, frame, mayWait);
      return;
    }
    // It may say how far we are, which is not true before the frames are sent that wait.
    this.packer?.flush();
    port.publish(subject, frame, reply);
  }
}

const isWindow = (bytes: number): boolean => bytes >= 1 && bytes <= MAX_WINDOW_BYTES;
