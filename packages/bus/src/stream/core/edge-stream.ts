import type { AttemptFailure } from '@switchyard/contracts';
import { BodySender } from './body.js';
import { Claim } from './claim.js';
import type { Bound, ClaimStep } from './claim.js';
import type { EdgeEntry, EdgeHost, OpenOptions } from './edge-host.js';
import { StreamFailure, busFailure, decodeFailure } from './failure.js';
import type { StreamOutcome } from './failure.js';
import {
  FrameType,
  decodeJson,
  decodePong,
  encodeGo,
  encodePosition,
  encodeTextFrame,
  payloadOf,
  sequenceOf,
  typeOf,
} from './frame.js';
import { MAX_REASON_CHARACTERS } from './limits.js';
import type { Port } from './ports.js';
import { Probe } from './probe.js';
import { FrameReceiver } from './receiver.js';
import { framesPrefix } from './subjects.js';

type Phase = 'claim' | 'bound' | 'over';

/**
 * One stream at an edge, from the call to its end: claims a worker, sends the body, takes the frames, gives credit back,
 * watches the worker while it is silent, and ends in exactly one way. Pure but for its host; knows no timer of its own.
 */
export class EdgeStream implements EdgeEntry {
  private phase: Phase = 'claim';
  private readonly claim: Claim;
  private readonly receiver: FrameReceiver;
  private readonly probe: Probe;
  private readonly opened = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<unknown>();
  private readonly settled = Promise.withResolvers<StreamOutcome>();
  private bound: Bound | null = null;
  private bodySender: BodySender | null = null;
  private headMeta: unknown;
  private headSeen = false;
  private resumedMs = -Infinity;
  private cancelled: { readonly reason: string; readonly deadlineMs: number; sentMs: number } | null = null;
  private cutController: AbortController | null = null;
  private cutFailure: StreamFailure | null = null;

  constructor(
    private readonly host: EdgeHost,
    readonly port: Port,
    private readonly options: Required<Pick<OpenOptions, 'provider' | 'body' | 'windowBytes'>>,
    call: Uint8Array,
    private readonly chunked: boolean,
  ) {
    const nowMs = host.nowMs();
    this.claim = new Claim(host, port, options.provider, call, this);
    this.receiver = new FrameReceiver(options.windowBytes, nowMs);
    this.probe = new Probe(host.timers, nowMs);
    // Whoever waits sees the rejection; that nobody waits is no error of the process.
    this.opened.promise.catch(() => undefined);
    this.ended.promise.catch(() => undefined);
  }

  /** Resolves at `head`, rejects with a StreamFailure. */
  open(): Promise<void> {
    this.claim.try();
    return this.opened.promise;
  }

  get head(): unknown {
    return this.headMeta;
  }

  get worker(): string {
    return this.bound?.worker ?? '';
  }

  get end(): Promise<unknown> {
    return this.ended.promise;
  }

  get signal(): AbortSignal {
    this.cutController ??= new AbortController();
    if (this.cutFailure) this.cutController.abort(this.cutFailure);
    return this.cutController.signal;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.receiver.read(),
      return: () => {
        this.abandon();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  /** Resolves when the stream is over, however it ended. */
  settledOnce(): Promise<StreamOutcome> {
    return this.settled.promise;
  }

  acknowledge(bytes: number): void {
    this.receiver.acknowledge(bytes, this.host.nowMs());
    if (this.phase === 'bound' && this.receiver.acknowledgementDue) this.sendPosition(FrameType.ack);
    else if (this.phase === 'over' && this.receiver.waitingBytes === 0) this.host.forget(this);
  }

  cancel(
    reason: string,
    failure: AttemptFailure = busFailure('client_closed_request', this.failurePhase),
  ): Promise<StreamOutcome> {
    if (this.phase === 'over' || this.cancelled) return this.settled.promise;
    if (this.phase === 'claim') {
      this.finish({ kind: 'lost' }, new StreamFailure(failure));
      return this.settled.promise;
    }
    const nowMs = this.host.nowMs();
    this.cancelled = {
      reason: reason.slice(0, MAX_REASON_CHARACTERS),
      deadlineMs: nowMs + this.host.timers.cancelMs,
      sentMs: nowMs,
    };
    this.sendCancel(this.cancelled.reason);
    this.cut(new StreamFailure(failure));
    this.receiver.discard(this.cutFailure!);
    return this.settled.promise;
  }

  onFrame(id: string, frame: Uint8Array, reply: string | undefined): void {
    if (this.phase === 'claim') this.step(this.claim.onFrame(id, frame, reply));
    else if (this.phase === 'bound' && id === this.bound!.id) this.onBoundFrame(frame);
    else this.host.counters.stray += 1;
  }

  onNoResponders(id: string): void {
    if (this.phase === 'claim') this.step(this.claim.onNoResponders());
    else if (this.phase === 'bound' && id === this.bound!.id && this.probe.noResponders(this.host.nowMs()))
      this.host.buryWorker(this.bound!.worker);
  }

  onReconnect(nowMs: number): void {
    if (this.phase !== 'bound') return;
    this.probe.reconnected(nowMs);
    this.host.counters.resumed += 1;
    this.sendPosition(FrameType.resume);
    if (this.cancelled) this.sendCancel(this.cancelled.reason);
  }

  onDisconnect(): void {
    if (this.phase === 'claim') this.step(this.claim.onNoResponders());
  }

  onWorkerDead(): void {
    if (this.phase === 'bound') this.lose(busFailure('worker_lost', this.failurePhase));
  }

  tick(nowMs: number): void {
    if (this.phase === 'claim') this.step(this.claim.tick(nowMs));
    else if (this.phase === 'bound') this.tickBound(nowMs);
    this.tickClient(nowMs);
  }

  /** The reader went away: nothing waits for a client any more. */
  private abandon(): void {
    if (this.phase === 'over') this.host.forget(this);
    else void this.cancel('abandoned');
  }

  private get failurePhase(): AttemptFailure['phase'] {
    if (this.headSeen) return 'stream';
    return this.bound ? 'headers' : 'claim';
  }

  private step(step: ClaimStep): void {
    if (!step) return;
    if ('failed' in step) {
      this.finish({ kind: 'fail', meta: step.failed }, new StreamFailure(step.failed));
      return;
    }
    this.bound = step.bound;
    this.phase = 'bound';
    this.claim.settle(step.bound.id);
    this.host.bind(step.bound.worker, this);
    this.probe.heard(this.host.nowMs());
    this.sendGo();
    if (this.chunked) {
      const { bulk } = step.bound;
      this.bodySender = new BodySender(this.options.body, (frame) => this.host.bulk.publish(bulk, frame));
      this.bodySender.start();
    }
  }

  private onBoundFrame(frame: Uint8Array): void {
    this.probe.heard(this.host.nowMs());
    const sequence = sequenceOf(frame);
    switch (typeOf(frame)) {
      case FrameType.data:
      case FrameType.head:
      case FrameType.end:
      case FrameType.fail:
        this.onNumbered(frame, sequence);
        return;
      case FrameType.beat:
        this.onTail(sequence);
        return;
      case FrameType.pong:
        this.onPong(frame, sequence);
        return;
      case FrameType.bodyAck:
        if (this.bodySender?.confirm(sequence) !== true) this.host.counters.violations += 1;
        return;
      case FrameType.bodyResume:
        if (this.bodySender?.resume(sequence) !== true) this.host.counters.violations += 1;
        return;
      case FrameType.unknown:
        this.lose(busFailure(this.headSeen ? 'stream_lost' : 'worker_lost', this.failurePhase));
        return;
      case FrameType.accept:
        this.host.counters.duplicates += 1;
        return;
      default:
        this.host.counters.malformed += 1;
    }
  }

  private onNumbered(frame: Uint8Array, sequence: number): void {
    const verdict = this.receiver.judge(sequence);
    if (verdict === 'duplicate') {
      this.host.counters.duplicates += 1;
      return;
    }
    if (verdict === 'gap') {
      this.host.counters.gaps += 1;
      this.requestResume();
      return;
    }
    const type = typeOf(frame);
    // A stream begins with its head, has one, and only a failure may come instead of it.
    const allowed = type === FrameType.fail || (type === FrameType.head) !== this.headSeen;
    if (!allowed || !this.receiver.take(type, payloadOf(frame), this.host.nowMs())) {
      this.host.counters.violations += 1;
      this.lose(busFailure('stream_lost', this.failurePhase));
      return;
    }
    this.resumedMs = -Infinity;
    if (type === FrameType.data) this.onTaken();
    else this.onMeta(type, payloadOf(frame));
  }

  private onTaken(): void {
    // Only a cancelled stream takes by itself; its credit still has to go back, because the end is behind that data.
    if (this.cancelled && this.receiver.acknowledgementDue) this.sendPosition(FrameType.ack);
  }

  private onMeta(type: number, payload: Uint8Array): void {
    if (type === FrameType.fail) {
      const failure = decodeFailure(payload) ?? busFailure('stream_lost', this.failurePhase);
      this.finish({ kind: 'fail', meta: failure }, new StreamFailure(failure));
      return;
    }
    let meta: unknown;
    try {
      meta = decodeJson(payload);
    } catch {
      this.host.counters.malformed += 1;
      this.lose(busFailure('stream_lost', this.failurePhase));
      return;
    }
    if (type === FrameType.end) {
      this.finish({ kind: 'end', meta }, null);
      return;
    }
    this.headSeen = true;
    this.headMeta = meta;
    if (!this.cancelled) this.opened.resolve();
  }

  private onPong(frame: Uint8Array, next: number): void {
    const pong = decodePong(frame);
    if (!pong) {
      this.host.counters.malformed += 1;
      return;
    }
    if (pong.claimed) this.sendGo();
    if (this.bodySender && !this.bodySender.complete && next === 0) this.bodySender.resume(pong.nextChunk);
    this.onTail(next);
  }

  /** The worker has sent all frames below `next`, so those that are not here were lost. */
  private onTail(next: number): void {
    if (next > this.receiver.next) this.requestResume();
  }

  private requestResume(): void {
    const nowMs = this.host.nowMs();
    if (nowMs - this.resumedMs < this.host.timers.resumeMs) return;
    this.resumedMs = nowMs;
    this.host.counters.resumed += 1;
    this.sendPosition(FrameType.resume);
  }

  private tickBound(nowMs: number): void {
    if (!this.port.connected) {
      if (nowMs - this.port.changedAtMs >= this.host.timers.streamLostMs)
        this.lose(busFailure('stream_lost', this.failurePhase));
      return;
    }
    if (this.cancelled) this.tickCancel(this.cancelled, nowMs);
    if (this.phase !== 'bound') return;
    const { firstProbeMs, probeMs } = this.host.timers;
    const step = this.probe.tick(nowMs, this.headSeen ? probeMs : firstProbeMs);
    if (step === 'ask') this.sendPing();
    else if (step === 'dead') this.host.buryWorker(this.bound!.worker);
  }

  private tickCancel(cancelled: NonNullable<EdgeStream['cancelled']>, nowMs: number): void {
    if (nowMs >= cancelled.deadlineMs) {
      this.finish({ kind: 'lost' }, this.cutFailure);
    } else if (nowMs - cancelled.sentMs >= this.host.timers.cancelResendMs) {
      cancelled.sentMs = nowMs;
      this.sendCancel(cancelled.reason);
    }
  }

  private tickClient(nowMs: number): void {
    if (!this.headSeen || this.cancelled || this.receiver.waitingBytes === 0) return;
    if (nowMs - this.receiver.progressMs < this.host.timers.slowClientMs) return;
    const failure = busFailure('slow_client', 'stream');
    if (this.phase === 'bound') {
      void this.cancel('slow_client', failure);
      return;
    }
    this.cut(new StreamFailure(failure));
    this.receiver.discard(this.cutFailure!);
    this.host.forget(this);
  }

  private lose(failure: AttemptFailure): void {
    // A worker that was only slow and wakes up must not go on for nobody.
    this.sendCancel(failure.code);
    this.finish({ kind: 'lost' }, new StreamFailure(failure));
  }

  /** The one way out. */
  private finish(outcome: StreamOutcome, failure: StreamFailure | null): void {
    if (this.phase === 'over') return;
    const before = this.phase;
    this.phase = 'over';
    if (before === 'claim') this.claim.settle(null);
    if (this.bound) {
      this.host.unregister(this.bound.id);
      if (outcome.kind !== 'lost') this.host.confirmDone(this.bound.control, this.bound.id);
    }
    this.host.release(this, this.bound?.worker ?? null);
    if (outcome.kind === 'end') this.ended.resolve(outcome.meta);
    const final = this.cutFailure ?? failure;
    if (final) {
      if (outcome.kind !== 'end') this.ended.reject(failure ?? final);
      this.opened.reject(this.cancelled ? new StreamFailure(final.failure, outcome) : final);
      this.receiver.fail(final);
      this.cut(final);
    } else {
      this.receiver.end();
    }
    this.settled.resolve(outcome);
    if (this.cutFailure || this.receiver.waitingBytes === 0) this.host.forget(this);
  }

  private cut(failure: StreamFailure): void {
    this.cutFailure ??= failure;
    this.cutController?.abort(this.cutFailure);
  }

  private sendGo(): void {
    this.port.publish(this.bound!.control, encodeGo(this.options.windowBytes));
  }

  private sendPosition(type: typeof FrameType.ack | typeof FrameType.resume): void {
    this.port.publish(this.bound!.control, encodePosition(type, this.receiver.position()));
  }

  private sendPing(): void {
    const reply = framesPrefix(this.port.address) + this.bound!.id;
    this.port.publish(this.bound!.process, encodePosition(FrameType.ping, this.receiver.position()), reply);
  }

  private sendCancel(reason: string): void {
    if (this.bound) this.port.publish(this.bound.control, encodeTextFrame(FrameType.cancel, reason));
  }
}
