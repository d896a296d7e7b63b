import type { AttemptFailure } from '@switchyard/contracts';
import { BodySender } from './body.js';
import type { Start } from './call.js';
import { Cancellation } from './cancellation.js';
import { Claim } from './claim.js';
import type { Bound, ClaimStep } from './claim.js';
import { isGivenUp } from './delivery.js';
import type { EdgeEntry, EdgeHost, Verdict } from './edge-host.js';
import { StreamFailure, busFailure } from './failure.js';
import type { StreamOutcome } from './failure.js';
import { FrameType, decodePong, encodeJson, isNumbered, sequenceOf, typeOf } from './frame.js';
import { Inbox } from './inbox.js';
import type { Port } from './ports.js';
import { Probe } from './probe.js';
import type { Patience } from './probe.js';
import { FrameReceiver } from './receiver.js';
import { Settlement } from './settlement.js';
import { SideChannel } from './side-channel.js';
import { WorkerLink } from './worker-link.js';

type Phase = 'claim' | 'bound' | 'over';

let opened = 0;

/**
 * One stream at an edge, from the call to its end: finds a worker, sends the body, takes the frames, gives credit back,
 * watches the worker while it is silent, and ends in exactly one way. Pure but for its host; knows no timer of its own.
 */
export class EdgeStream implements EdgeEntry {
  /** Its name within the process. */
  readonly serial = (opened += 1);
  private phase: Phase = 'claim';
  private claim: Claim | null;
  private readonly receiver: FrameReceiver;
  private readonly inbox: Inbox;
  private readonly probe: Probe;
  private readonly settlement = new Settlement();
  private link: WorkerLink | null = null;
  private bodySender: BodySender | null = null;
  private headMeta: unknown;
  private resumedMs = -Infinity;
  private cancelled: Cancellation | null = null;
  private verdict: Verdict = 'lost';
  private closed = false;
  private readonly metered: SideChannel;

  constructor(
    private readonly host: EdgeHost,
    readonly port: Port,
    provider: string,
    private readonly windowBytes: number,
    call: (start: Start | null) => Uint8Array,
    /** A body that is too big for the call and follows it. */
    private chunkedBody: Uint8Array | null,
  ) {
    const nowMs = host.nowMs();
    this.claim = new Claim(host, port, provider, call, this);
    this.metered = new SideChannel(host.counters);
    this.receiver = new FrameReceiver(windowBytes, nowMs);
    this.inbox = new Inbox(this.receiver, host.counters);
    this.probe = new Probe(host.timers, host.counters, nowMs);
  }

  /** Resolves at `head`, rejects with a StreamFailure. */
  open(): Promise<void> {
    this.claim?.open(this.chunkedBody ? null : this.windowBytes);
    return this.settlement.opened;
  }

  get head(): unknown {
    return this.headMeta;
  }

  get worker(): string {
    return this.link?.bound.worker ?? '';
  }

  get end(): Promise<unknown> {
    return this.settlement.ended;
  }

  get signal(): AbortSignal {
    return this.settlement.signal;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.receiver.read(),
      return: () => {
        // The reader went away: nothing waits for a client any more.
        void this.cancel('abandoned');
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  /** Resolves when the stream is over, however it ended. */
  get settled(): Promise<StreamOutcome> {
    return this.settlement.settled;
  }

  acknowledge(bytes: number): void {
    this.receiver.acknowledge(bytes, this.host.nowMs());
    if (this.phase === 'bound' && this.receiver.acknowledgementDue) this.link!.acknowledge(this.receiver.position());
    else if (this.phase === 'over' && this.receiver.waitingBytes === 0) this.close();
  }

  /** Calls back with what the worker says between the frames; it may come twice, and is repeated until it is answered. */
  onMeter(listener: (reading: unknown) => void): void {
    this.metered.listen(listener);
  }

  /** Answers {@link onMeter}. May get lost: the worker asks again. */
  allow(answer: unknown): void {
    if (this.phase === 'bound') this.link!.allow(encodeJson(answer));
  }

  cancel(
    reason: string,
    failure: AttemptFailure = busFailure('client_closed_request', this.failurePhase),
  ): Promise<StreamOutcome> {
    if (this.phase === 'over') {
      if (isGivenUp(reason)) this.giveUp(reason);
      this.close();
    }
    if (this.phase === 'over' || this.cancelled) return this.settled;
    // It may be at it, and then it says what that cost.
    if (this.claim?.started) this.bind(this.claim.started);
    if (this.phase === 'claim') {
      this.finish({ kind: 'lost' }, new StreamFailure(failure));
      return this.settled;
    }
    this.cancelled = new Cancellation(reason, this.host.timers, this.host.nowMs());
    this.link!.cancel(this.cancelled.reason);
    this.receiver.discard(this.settlement.cut(new StreamFailure(failure)));
    return this.settled;
  }

  onFrame(id: string, frame: Uint8Array, reply: string | undefined): void {
    if (this.claim) this.step(this.claim.onFrame(id, frame, reply));
    else if (this.phase === 'bound') this.onBoundFrame(frame);
    // The worker asks for the confirmation, and the client has not taken everything yet.
    else if (typeOf(frame) === FrameType.beat) this.link?.acknowledge(this.receiver.position());
    else this.host.counters.stray += 1;
  }

  onNoResponders(id: string): void {
    if (this.claim) this.step(this.claim.onNoResponders(id));
    else if (this.phase === 'bound' && this.probe.noResponders(this.host.nowMs()))
      this.host.buryWorker(this.link!.bound.worker);
  }

  onReconnect(nowMs: number): void {
    if (this.phase !== 'bound') return;
    this.probe.reconnected(nowMs);
    this.host.counters.resumed += 1;
    this.link!.resume(this.receiver.position());
    if (this.cancelled) this.link!.cancel(this.cancelled.reason);
  }

  onDisconnect(): void {
    if (this.claim) this.step(this.claim.onDisconnect());
  }

  onWorkerDead(): void {
    if (this.phase === 'bound') this.lose(busFailure('worker_lost', this.failurePhase));
  }

  tick(nowMs: number): void {
    if (this.claim) this.step(this.claim.tick(nowMs));
    else if (this.phase === 'bound') this.tickBound(nowMs);
    this.tickClient(nowMs);
  }

  private get failurePhase(): AttemptFailure['phase'] {
    if (this.inbox.headSeen) return 'stream';
    return this.link ? 'headers' : 'claim';
  }

  private step(step: ClaimStep): void {
    if (!step) return;
    if ('failed' in step) {
      this.finish({ kind: 'fail', meta: step.failed }, new StreamFailure(step.failed));
      return;
    }
    if ('accepted' in step) this.go(this.bind(step.accepted));
    else if ('begun' in step) {
      this.bind(step.begun);
      this.onBoundFrame(step.frame);
    } else {
      this.bind(step.silent);
      this.lose(busFailure('worker_lost', 'claim'));
    }
  }

  private bind(bound: Bound): WorkerLink {
    const link = new WorkerLink(this.port, bound);
    this.link = link;
    this.phase = 'bound';
    this.claim!.settle(bound.id);
    // Frees the call, which may hold half a megabyte of prompt, for the rest of the stream.
    this.claim = null;
    this.host.bind(bound.worker, this);
    this.probe.heard(this.host.nowMs());
    return link;
  }

  private go(link: WorkerLink): void {
    link.go(this.windowBytes);
    if (!this.chunkedBody) return;
    this.bodySender = new BodySender(this.chunkedBody, (frame) => this.host.bulk.publish(link.bound.bulk, frame));
    this.chunkedBody = null;
    this.bodySender.start();
  }

  private onBoundFrame(frame: Uint8Array): void {
    this.probe.heard(this.host.nowMs());
    const type = typeOf(frame);
    const sequence = sequenceOf(frame);
    if (isNumbered(type)) this.onNumbered(frame);
    else if (type === FrameType.beat) this.onTail(sequence);
    else if (type === FrameType.pong) this.onPong(frame, sequence);
    else if (type === FrameType.bodyAck) this.onBodyAnswer(this.bodySender?.confirm(sequence));
    else if (type === FrameType.bodyResume) this.onBodyAnswer(this.bodySender?.resume(sequence));
    else if (type === FrameType.unknown)
      this.lose(busFailure(this.inbox.headSeen ? 'stream_lost' : 'worker_lost', this.failurePhase));
    else if (type === FrameType.meter) this.metered.take(frame);
    // It was called by name, and its client left before it said no.
    else if (type === FrameType.busy) this.lose(busFailure('worker_lost', this.failurePhase));
    else if (type === FrameType.accept) this.host.counters.duplicates += 1;
    else this.host.counters.malformed += 1;
  }

  private onBodyAnswer(possible: boolean | undefined): void {
    if (possible === false) this.host.counters.violations += 1;
  }

  private onNumbered(frame: Uint8Array): void {
    const arrival = this.inbox.take(frame, this.host.nowMs());
    if (arrival.kind === 'gap') this.requestResume();
    if (arrival.kind === 'gap' || arrival.kind === 'nothing') return;
    this.resumedMs = -Infinity;
    if (arrival.kind === 'broken') {
      this.lose(busFailure('stream_lost', this.failurePhase));
    } else if (arrival.kind === 'head') {
      this.bodySender = null;
      this.headMeta = arrival.meta;
      if (!this.cancelled) this.settlement.open();
    } else if (arrival.kind === 'end') {
      this.finish({ kind: 'end', meta: arrival.meta }, null);
    } else if (arrival.kind === 'fail') {
      this.finish({ kind: 'fail', meta: arrival.failure }, new StreamFailure(arrival.failure));
    } else if (this.cancelled && this.receiver.acknowledgementDue) {
      // A cancelled stream takes by itself; credit still has to go back, because the end is behind that data.
      this.link!.acknowledge(this.receiver.position());
    }
  }

  private onPong(frame: Uint8Array, next: number): void {
    const pong = decodePong(frame);
    if (!pong) {
      this.host.counters.malformed += 1;
      return;
    }
    this.host.counters.probesAlive += 1;
    if (pong.claimed) this.link!.go(this.windowBytes);
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
    this.link!.resume(this.receiver.position());
  }

  private tickBound(nowMs: number): void {
    if (!this.port.connected) {
      if (nowMs - this.port.changedAtMs >= this.host.timers.streamLostMs)
        this.lose(busFailure('stream_lost', this.failurePhase));
      return;
    }
    if (this.cancelled) this.tickCancelled(this.cancelled.tick(nowMs));
    if (this.phase !== 'bound') return;
    const step = this.probe.tick(nowMs, this.patience);
    if (step === 'ask') this.link!.ping(this.receiver.position());
    else if (step === 'dead') this.giveUpWorker();
  }

  /** Before the head another worker can serve, so little is waited for; after it nobody else can go on. */
  private get patience(): Patience {
    const { firstProbeMs, missedPings, probeMs, missedPingsInStream } = this.host.timers;
    return this.inbox.headSeen
      ? { silenceMs: probeMs, missedPings: missedPingsInStream }
      : { silenceMs: firstProbeMs, missedPings };
  }

  /** What is too slow to begin here is tried elsewhere; that alone is no proof against the streams that have begun. */
  private giveUpWorker(): void {
    if (this.inbox.headSeen) this.host.buryWorker(this.link!.bound.worker);
    else this.lose(busFailure('worker_lost', this.failurePhase));
  }

  private tickCancelled(step: ReturnType<Cancellation['tick']>): void {
    if (step === 'send') this.link!.cancel(this.cancelled!.reason);
    else if (step === 'lost') this.finish({ kind: 'lost' }, null);
  }

  private tickClient(nowMs: number): void {
    if (!this.inbox.headSeen || this.cancelled || this.receiver.waitingBytes === 0) return;
    if (nowMs - this.receiver.progressMs < this.host.timers.slowClientMs) return;
    const failure = busFailure('slow_client', 'stream');
    if (this.phase === 'bound') {
      void this.cancel('slow_client', failure);
      return;
    }
    this.receiver.discard(this.settlement.cut(new StreamFailure(failure)));
    this.close();
  }

  private lose(failure: AttemptFailure): void {
    // A worker that was only slow and wakes up must not go on for nobody.
    this.link!.cancel(failure.code);
    this.finish({ kind: 'lost' }, new StreamFailure(failure));
  }

  /** The one way out. */
  private finish(outcome: StreamOutcome, failure: StreamFailure | null): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.claim?.settle(null);
    this.claim = null;
    // A client that left by itself pays what the worker says, however late; one that was told of a loss does not.
    const leftByItself = this.cancelled !== null && !isGivenUp(this.cancelled.reason);
    this.verdict = outcome.kind !== 'lost' || leftByItself ? 'arrived' : 'lost';
    this.host.release(this, this.link?.bound.worker ?? null);
    this.settlement.finish(outcome, failure);
    const { cutFailure } = this.settlement;
    if (cutFailure) this.receiver.fail(cutFailure);
    else this.receiver.end();
    if (cutFailure || this.receiver.waitingBytes === 0) this.close();
  }

  /** Everything came, and the client will not get it. */
  private giveUp(reason: string): void {
    if (this.closed) return;
    this.verdict = 'lost';
    this.link?.cancel(reason);
  }

  /** Nobody waits for a byte of it any more, so the worker may know how it ended. */
  private close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.link) this.host.closeStream(this.link.bound.control, this.link.bound.id, this.verdict);
    this.host.forget(this);
  }
}
