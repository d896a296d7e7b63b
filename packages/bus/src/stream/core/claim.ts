import type { AttemptFailure } from '@switchyard/contracts';
import { busFailure, decodeFailure } from './failure.js';
import { FrameType, decodeText, payloadOf, typeOf } from './frame.js';
import { BUSY_TRIES, CALL_TRIES } from './limits.js';
import type { EdgeEntry, EdgeHost } from './edge-host.js';
import type { Port } from './ports.js';
import { callSubject, controlPrefix, framesPrefix, isControlSubject } from './subjects.js';

/** The worker that accepted, and where it listens. */
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

export type ClaimStep = { readonly bound: Bound } | { readonly failed: AttemptFailure } | null;

const ACCEPT = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9]{22})$/;

/**
 * Finds a worker for a stream. Each try has an id of its own, and frames are taken only under the id of the try that was
 * accepted: another worker that saw an earlier try knows no id under which it could speak.
 */
export class Claim {
  private ids: string[] = [];
  private tries = 0;
  private busy = 0;
  private deadlineMs = 0;

  constructor(
    private readonly host: EdgeHost,
    private readonly port: Port,
    private readonly provider: string,
    private readonly call: Uint8Array,
    private readonly stream: EdgeEntry,
  ) {}

  try(): void {
    const id = this.host.newId();
    this.ids.push(id);
    this.host.register(id, this.stream);
    this.deadlineMs = this.host.nowMs() + this.host.timers.acceptMs;
    this.port.publish(callSubject(this.provider), this.call, framesPrefix(this.port.address) + id);
  }

  onFrame(id: string, frame: Uint8Array, reply: string | undefined): ClaimStep {
    const type = typeOf(frame);
    if (type === FrameType.accept) return this.onAccept(id, frame, reply);
    if (type === FrameType.busy) return this.onBusy(id);
    if (type === FrameType.bad) {
      const failed = decodeFailure(payloadOf(frame));
      if (failed) return { failed };
    }
    this.host.counters.malformed += 1;
    return null;
  }

  /** Nobody listens: no worker of the provider is running, or all are full. */
  onNoResponders(): ClaimStep {
    return {
      failed: busFailure(this.busy > 0 ? 'worker_busy' : 'worker_unavailable', 'claim', { retryAfterMs: 1000 }),
    };
  }

  tick(nowMs: number): ClaimStep {
    if (!this.port.connected) return this.onNoResponders();
    if (nowMs < this.deadlineMs) return null;
    this.tries += 1;
    if (this.tries >= CALL_TRIES) return this.onNoResponders();
    this.try();
    return null;
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
      bound: {
        id,
        worker,
        control: reply,
        bulk: controlPrefix(this.provider, bulk) + id,
        process: controlPrefix(this.provider, worker) + id,
      },
    };
  }

  private onBusy(id: string): ClaimStep {
    this.host.unregister(id);
    const latest = this.ids.at(-1) === id;
    this.ids = this.ids.filter((known) => known !== id);
    if (!latest) return null;
    this.busy += 1;
    if (this.busy >= BUSY_TRIES) return this.onNoResponders();
    this.try();
    return null;
  }
}

function decodeAscii(bytes: Uint8Array): string {
  try {
    return decodeText(bytes);
  } catch {
    return '';
  }
}
