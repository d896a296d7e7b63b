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

/**
 * The deadlines of one call of a provider, milliseconds from its start: until the request can be sent, until the first bytes for
 * the client, between two reads while we want to read, and of the whole. Each aborts the one signal.
 */
export class Deadlines {
  private readonly controller = new AbortController();
  private readonly timers = new Map<DeadlineKind, NodeJS.Timeout>();
  private readonly startedAtMs = performance.now();

  /** @param onConnected called when the request is on its way */
  constructor(
    private readonly timeouts: AttemptCall['timeouts'],
    private readonly onConnected: () => void = () => undefined,
  ) {
    this.arm('connect', timeouts.connectMs);
    this.arm('total', timeouts.totalMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The request is on its way. */
  connected(): void {
    this.onConnected();
    this.disarm('connect');
    this.arm('first-byte', this.timeouts.firstByteMs - (performance.now() - this.startedAtMs));
  }

  /** There are bytes for the client. */
  spoke(): void {
    this.disarm('first-byte');
  }

  /** We wait for the provider now. A slow client never counts against it. */
  waiting(): void {
    this.arm('idle', this.timeouts.idleMs);
  }

  received(): void {
    this.disarm('idle');
  }

  abort(reason: Error): void {
    this.clear();
    this.controller.abort(reason);
  }

  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private arm(kind: DeadlineKind, ms: number): void {
    this.disarm(kind);
    if (this.signal.aborted) return;
    this.timers.set(
      kind,
      setTimeout(() => this.abort(new DeadlineExceeded(kind)), Math.max(0, ms)),
    );
  }

  private disarm(kind: DeadlineKind): void {
    clearTimeout(this.timers.get(kind));
    this.timers.delete(kind);
  }
}
