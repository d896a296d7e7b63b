import type { AttemptCall } from '@switchyard/contracts';

export type DeadlineKind = 'connect' | 'first-byte' | 'idle' | 'total';

/** The reason with which a deadline aborts the call. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  constructor(readonly kind: DeadlineKind) {
    super(`deadline exceeded: ${kind}`);
  }
}

/** The reason with which a cancel aborts the call. */
export class CallCancelled extends Error {
  override readonly name = 'CallCancelled';
  constructor(readonly reason: string) {
    super(`cancelled: ${reason}`);
  }
}

/** Node's timers count whole milliseconds and may be that much early. */
const TIMER_GRAIN_MS = 1;

/**
 * The deadlines of one call of a provider, milliseconds from its start: until the request can be sent, until the first bytes for
 * the client, between two reads while we want to read, and of the whole. The first that passes ends the call. They move with every
 * read, so there is one timer for all, which is set again only when it rings too early.
 */
export class Deadlines {
  private readonly startedAtMs = performance.now();
  private readonly dueAtMs: Record<DeadlineKind, number>;
  private timer: NodeJS.Timeout | undefined;
  private ringsAtMs = Infinity;
  private ended: Error | null = null;
  private listener: ((reason: Error) => void) | null = null;
  private controller: AbortController | null = null;

  /** @param onConnected called when the request is on its way */
  constructor(
    private readonly timeouts: AttemptCall['timeouts'],
    private readonly onConnected: () => void = () => undefined,
  ) {
    const { startedAtMs } = this;
    this.dueAtMs = {
      connect: startedAtMs + timeouts.connectMs,
      'first-byte': Infinity,
      idle: Infinity,
      total: startedAtMs + timeouts.totalMs,
    };
    this.schedule(startedAtMs);
  }

  /** Why the call was ended, once it is. */
  get reason(): Error | null {
    return this.ended;
  }

  /** For what can be ended by a signal only. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.ended) this.controller.abort(this.ended);
    return this.controller.signal;
  }

  /** Calls back when the call is ended. One listener, the latest; a call that has ended already tells nobody. */
  onAbort(listener: (reason: Error) => void): void {
    this.listener = listener;
  }

  /** The request is on its way. */
  connected(): void {
    this.onConnected();
    this.dueAtMs.connect = Infinity;
    this.arm('first-byte', this.startedAtMs + this.timeouts.firstByteMs);
  }

  /** There are bytes for the client. */
  spoke(): void {
    this.dueAtMs['first-byte'] = Infinity;
  }

  /** We wait for the provider now. A slow client never counts against it. */
  waiting(): void {
    this.arm('idle', performance.now() + this.timeouts.idleMs);
  }

  received(): void {
    this.dueAtMs.idle = Infinity;
  }

  abort(reason: Error): void {
    this.clear();
    if (this.ended) return;
    this.ended = reason;
    this.controller?.abort(reason);
    this.listener?.(reason);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.ringsAtMs = Infinity;
    for (const kind of KINDS) this.dueAtMs[kind] = Infinity;
  }

  private arm(kind: DeadlineKind, dueAtMs: number): void {
    if (this.ended) return;
    this.dueAtMs[kind] = dueAtMs;
    if (dueAtMs < this.ringsAtMs) this.schedule(performance.now());
  }

  /** Sets the timer to the next deadline. */
  private schedule(nowMs: number): void {
    clearTimeout(this.timer);
    this.ringsAtMs = Math.min(...KINDS.map((kind) => this.dueAtMs[kind]));
    if (this.ringsAtMs === Infinity) return;
    this.timer = setTimeout(() => this.ring(), Math.ceil(Math.max(0, this.ringsAtMs - nowMs)));
  }

  private ring(): void {
    const nowMs = performance.now();
    const passed = KINDS.find((kind) => this.dueAtMs[kind] <= nowMs + TIMER_GRAIN_MS);
    if (passed) this.abort(new DeadlineExceeded(passed));
    else this.schedule(nowMs);
  }
}

const KINDS = ['connect', 'first-byte', 'idle', 'total'] as const satisfies readonly DeadlineKind[];
