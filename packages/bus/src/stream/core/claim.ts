import type { AttemptFailure } from '@switchyard/contracts';
import type { Start } from './call.js';
import { busFailure, decodeFailure } from './failure.js';
import { FrameType, decodeText, payloadOf, typeOf } from './frame.js';
import { BUSY_TRIES, CALL_TRIES } from './limits.js';
import type { EdgeEntry, EdgeHost } from './edge-host.js';
import type { Port } from './ports.js';
import { callSubject, controlPrefix, framesPrefix, isControlSubject } from './subjects.js';

/** The worker that serves, and where it listens. */
export interface Bound {
  readonly id: string;
  readonly worker: string;
  /** Subject of ordered messages to the stream: one connection of the worker. */
  readonly control: string;
  /** Subject of body chunks: another connection, so that bulk does not delay control. */
  readonly bulk: string;
  /** Subject of pings: any connection of the worker. */
  readonly process: string;
}

export type ClaimStep =
  /** It waits for its `go`. */
  | { readonly accepted: Bound }
  /** It was told to begin, and this is its first word. */
  | { readonly begun: Bound; readonly frame: Uint8Array }
  /** It was told to begin, and says nothing: nobody else may be asked in its place under this attempt. */
  | { readonly silent: Bound }
  | { readonly failed: AttemptFailure }
  | null;

const RETRY_AFTER_MS = 1_000;
const DIRECT_CALLS = 3;
const ACCEPT = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9]{22})$/;

/**
 * Finds a worker for a stream. The first call goes to one by name, with the word to begin, if one is heard. If that one says no or is
 * not there, or none is heard, the group is called, and who accepts waits for its `go`. Each try has an id of its own, and frames are
 * taken only under the id of the try that was accepted: another worker that saw an earlier try knows no id under which it could speak.
 */
export class Claim {
  private ids: string[] = [];
  private tries = 0;
  private busy = 0;
  private deadlineMs = 0;
  /** The second try asks several workers by name: the queue group may give it to the frozen one again. */
  private direct = false;
  /** The worker that was told to begin, until it says no. */
  started: Bound | null = null;
  private overdue = false;

  constructor(
    private readonly host: EdgeHost,
    private readonly port: Port,
    private readonly provider: string,
    private readonly encode: (start: Start | null) => Uint8Array,
    private readonly stream: EdgeEntry,
  ) {}

  /** @param windowBytes null when the worker cannot begin with what is in the call */
  open(windowBytes: number | null): void {
    if (windowBytes === null || !this.start(windowBytes)) this.try();
  }

  /** False when no worker is heard. */
  private start(windowBytes: number): boolean {
    const starter = this.host.starter(this.provider);
    if (!starter) return false;
    const nowMs = this.host.nowMs();
    const { acceptMs, startMs } = this.host.timers;
    this.deadlineMs = nowMs + acceptMs;
    const { worker } = starter;
    const prefix = controlPrefix(this.provider, starter.address);
    const call = this.encode({ byMs: nowMs + starter.aheadMs + startMs, windowBytes });
    const id = this.send((own) => prefix + own, call);
    const control = prefix + id;
    this.started = { id, worker, control, bulk: control, process: controlPrefix(this.provider, worker) + id };
    return true;
  }

  private try(): void {
    this.deadlineMs = this.host.nowMs() + this.host.timers.acceptMs;
    const workers = this.tries === 0 ? [] : this.host.workersOf(this.provider, DIRECT_CALLS);
    this.direct = workers.length > 0;
    // Half a megabyte of prompt may be in it: one for all that are asked.
    const call = this.encode(null);
    for (const worker of workers) this.send((id) => controlPrefix(this.provider, worker) + id, call);
    if (!this.direct) this.send(() => callSubject(this.provider), call);
  }

  onFrame(id: string, frame: Uint8Array, reply: string | undefined): ClaimStep {
    const type = typeOf(frame);
    if (type === FrameType.accept) return this.onAccept(id, frame, reply);
    if (type === FrameType.busy) return this.onBusy(id);
    if (type === FrameType.bad) {
      const failed = decodeFailure(payloadOf(frame));
      if (failed) return { failed };
    }
    if (this.started?.id === id) return { begun: this.started, frame };
    this.host.counters.malformed += 1;
    return null;
  }

  /** Nobody listens where this try went: no worker of the provider is running, or all are full. */
  onNoResponders(id: string): ClaimStep {
    if (this.started?.id === id) {
      this.drop(id);
      this.try();
      return null;
    }
    if (!this.direct) return this.give();
    this.drop(id);
    return this.ids.length > 0 ? null : this.give();
  }

  give(): ClaimStep {
    const code = this.busy > 0 ? 'worker_busy' : 'worker_unavailable';
    return { failed: busFailure(code, 'claim', { retryAfterMs: RETRY_AFTER_MS }) };
  }

  onDisconnect(): ClaimStep {
    return this.started ? { silent: this.started } : this.give();
  }

  tick(nowMs: number): ClaimStep {
    if (!this.port.connected) return this.onDisconnect();
    if (nowMs < this.deadlineMs) return null;
    if (this.started) return this.tickStarted(this.started);
    this.tries += 1;
    if (this.tries >= CALL_TRIES) return this.give();
    this.try();
    return null;
  }

  private tickStarted(started: Bound): ClaimStep {
    // Its word may have come while this process was late; then it is read before the next look.
    if (!this.overdue) {
      this.overdue = true;
      return null;
    }
    this.host.doubt(this.provider, started.worker);
    return { silent: started };
  }

  /** Forgets all tries but the chosen one. */
  settle(chosen: string | null): void {
    for (const id of this.ids) if (id !== chosen) this.host.unregister(id);
    this.ids = [];
  }

  private onAccept(id: string, frame: Uint8Array, reply: string | undefined): ClaimStep {
    const match = ACCEPT.exec(decodeAscii(payloadOf(frame)));
    if (!match || !reply || !isControlSubject(reply) || !reply.endsWith(id)) {
      this.host.counters.malformed += 1;
      return null;
    }
    const [, worker = '', bulk = ''] = match;
    return {
      accepted: {
        id,
        worker,
        control: reply,
        bulk: controlPrefix(this.provider, bulk) + id,
        process: controlPrefix(this.provider, worker) + id,
      },
    };
  }

  private onBusy(id: string): ClaimStep {
    // Its heartbeat said otherwise: the next one says how it is by then.
    if (this.started?.id === id) this.host.doubt(this.provider, this.started.worker);
    this.drop(id);
    this.busy += 1;
    // Others that were asked may still accept.
    if (this.ids.length > 0) return null;
    if (this.busy >= BUSY_TRIES) return this.give();
    this.try();
    return null;
  }

  private send(subjectOf: (id: string) => string, call: Uint8Array): string {
    const id = this.host.newId();
    this.ids.push(id);
    this.host.register(id, this.stream);
    this.port.publish(subjectOf(id), call, framesPrefix(this.port.address) + id);
    return id;
  }

  private drop(id: string): void {
    this.host.unregister(id);
    this.ids = this.ids.filter((known) => known !== id);
    if (this.started?.id === id) this.started = null;
  }
}

function decodeAscii(bytes: Uint8Array): string {
  try {
    return decodeText(bytes);
  } catch {
    return '';
  }
}
