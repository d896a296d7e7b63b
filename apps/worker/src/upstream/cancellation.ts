import { isGivenUp } from '@switchyard/bus';
import { CallCancelled } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import type { DrainSlots } from './drain-slots.js';
import { DRAIN_BYTES, DRAIN_MS } from './limits.js';

export interface CancellationOptions {
  /** Aborted with a string as reason when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  /** Closing the connection stops the bill of this answer. */
  readonly stopsBilling: boolean;
  readonly slots: DrainSlots;
  readonly drainMs?: number;
  readonly drainBytes?: number;
}

/**
 * What a cancel does. Where closing the connection stops the bill, it is closed at once (class A). Where it does not, the
 * answer is read on without the client, because only its end tells what is owed (class B): within a time, a number of bytes and
 * a number of such answers, beyond which it is closed, too.
 */
export class Cancellation {
  /** Why, once it is cancelled. */
  reason: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private release: (() => void) | null = null;
  private bytesAtCancel = 0;
  private bytes = 0;
  private readonly onAbort = () => this.cancel();

  constructor(private readonly options: CancellationOptions) {
    if (options.signal.aborted) this.cancel();
    else options.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** No one's choice: the gateway itself cannot go on, so waiting for the rest helps nobody. */
  get fault(): boolean {
    return this.reason === 'drain' || isGivenUp(this.reason);
  }

  /** Counts what was read of the body in all. */
  read(bytes: number): void {
    this.bytes = bytes;
    if (this.release && bytes - this.bytesAtCancel > (this.options.drainBytes ?? DRAIN_BYTES)) this.abort();
  }

  end(): void {
    this.options.signal.removeEventListener('abort', this.onAbort);
    clearTimeout(this.timer);
    this.release?.();
  }

  private cancel(): void {
    const { signal, stopsBilling, slots, drainMs } = this.options;
    this.reason = typeof signal.reason === 'string' ? signal.reason : 'cancelled';
    if (stopsBilling || this.fault) return this.abort();
    this.release = slots.take();
    if (!this.release) return this.abort();
    this.bytesAtCancel = this.bytes;
    this.timer = setTimeout(() => this.abort(), drainMs ?? DRAIN_MS);
  }

  private abort(): void {
    this.options.deadlines.abort(new CallCancelled(this.reason ?? 'cancelled'));
  }
}
