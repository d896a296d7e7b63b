import { setTimeout as sleep } from 'node:timers/promises';
import { TransientMap } from '@switchyard/bus';
import type { Clock } from './clock.js';
import type { Lease } from './lease.js';

/** A usage event as it goes into the USAGE stream. */
export interface UsageMessage {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly messageId: string;
  /** The first witness: the worker that publishes the event as well; null when this edge alone speaks. */
  readonly worker?: string | null;
}

/** A charge that the ledger has not confirmed yet. */
export interface PendingUsage {
  readonly generationId: string;
  readonly lease: Lease;
  /** What the lease was charged here. */
  readonly chargedNanos: bigint;
  /** The usage event to publish again: null when only the worker has it. */
  readonly event: UsageMessage | null;
}

interface Entry extends PendingUsage {
  publishAtMs: number;
  readonly sinceMs: number;
  /** It stands in the journal. */
  noted: boolean;
}

/** The ledger applies within a second; after this the worker's publication counts as lost and the edge's witness speaks. */
export const REPUBLISH_AFTER_MS = 30_000;
/** A charge that was only assumed (the outcome never became known) is given up after this: the ledger would have told. */
export const FORGET_ASSUMED_AFTER_MS = 120_000;
export const MAX_PENDING_USAGE = 20_000;
/** What the ledger has not confirmed after this is late: it is noted where it outlives this process. */
export const LATE_AFTER_MS = 500;
/** A client may read the end of an answer this much later than the ledger has booked it. */
export const EARLY_FOR_MS = 300_000;
const SETTLED_POLL_MS = 10;

/**
 * The edge's witness of usage: what it charged its leases for, kept until the ledger says that it was applied (`UsageApplied`),
 * and published again after {@link REPUBLISH_AFTER_MS}. Bounded: when it is full the edge admits nothing more, so that no
 * usage is ever forgotten for want of memory.
 */
export class PendingUsageBook {
  private readonly entries = new TransientMap<string, Entry>();
  /** First witnesses that have gone, and when. */
  private readonly gone = new Map<string, number>();
  /** What the ledger has confirmed before it was remembered here, the oldest first. */
  private readonly early = new Map<string, { readonly chargedNanos: bigint; readonly atMs: number }>();
  private notedEntries = 0;

  constructor(
    private readonly clock: Clock,
    private readonly capacity = MAX_PENDING_USAGE,
  ) {}

  get size(): number {
    return this.entries.size;
  }
  get full(): boolean {
    return this.entries.size >= this.capacity;
  }
  /** How many of them were answered by {@link late}. */
  get noted(): number {
    return this.notedEntries;
  }

  remember(usage: PendingUsage): void {
    const early = this.early.get(usage.generationId);
    if (early) {
      this.early.delete(usage.generationId);
      correct(usage, early.chargedNanos);
      return;
    }
    const now = this.clock();
    // A client may still read an answer whose worker is dead by then.
    const alone = this.gone.has(usage.event?.worker ?? '');
    const publishAtMs = alone ? now : now + REPUBLISH_AFTER_MS;
    this.entries.set(usage.generationId, { ...usage, sinceMs: now, publishAtMs, noted: false });
  }

  /**
   * The ledger has applied a generation. A charge that came out smaller gives room back to its lease. The ledger may be faster
   * than this edge, which is not done before its client is: then it is known when the usage is remembered.
   */
  confirm({ generationId, chargedNanos }: { readonly generationId: string; readonly chargedNanos: bigint }): void {
    const entry = this.entries.get(generationId);
    if (!entry) return this.keepEarly(generationId, chargedNanos);
    this.entries.delete(generationId);
    if (entry.noted) this.notedEntries -= 1;
    correct(entry, chargedNanos);
  }

  /** Sum of what a lease was charged and the ledger has not applied: must stay in the lease when it is given back. */
  unappliedNanos(lease: Lease): bigint {
    let sum = 0n;
    for (const entry of this.entries.values()) if (entry.lease === lease) sum += entry.chargedNanos;
    return sum;
  }

  /** Those with a charge that the ledger has not applied. */
  unappliedLeases(): ReadonlySet<Lease> {
    const leases = new Set<Lease>();
    for (const { lease, chargedNanos } of this.entries.values()) if (chargedNanos > 0n) leases.add(lease);
    return leases;
  }

  /** Waits until the ledger has confirmed everything, but no longer than that. */
  async settled(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.entries.size > 0 && performance.now() < until) await sleep(SETTLED_POLL_MS);
  }

  /** What is to be published again now; each is due again after another {@link REPUBLISH_AFTER_MS}. */
  due(): PendingUsage[] {
    const now = this.clock();
    for (const [worker, goneMs] of this.gone) if (now - goneMs > REPUBLISH_AFTER_MS) this.gone.delete(worker);
    this.forgetEarly(now - EARLY_FOR_MS);
    const due: PendingUsage[] = [];
    for (const entry of this.entries.values()) {
      if (entry.event && entry.publishAtMs <= now) {
        entry.publishAtMs = now + REPUBLISH_AFTER_MS;
        due.push(entry);
      }
      if (!entry.event && now - entry.sinceMs > FORGET_ASSUMED_AFTER_MS)
        this.confirm({ generationId: entry.generationId, chargedNanos: 0n });
    }
    return due;
  }

  /** The first witness is gone and may have said nothing, so this one speaks in the next round. */
  hurry(worker: string): void {
    const now = this.clock();
    this.gone.set(worker, now);
    for (const entry of this.entries.values()) if (entry.event?.worker === worker) entry.publishAtMs = now;
  }

  /** What is not confirmed after {@link LATE_AFTER_MS}, each once. */
  late(): UsageMessage[] {
    const beforeMs = this.clock() - LATE_AFTER_MS;
    const late: UsageMessage[] = [];
    for (const entry of this.entries.values()) {
      // They stand in the order in which they came.
      if (entry.sinceMs > beforeMs) break;
      if (entry.noted || !entry.event) continue;
      entry.noted = true;
      this.notedEntries += 1;
      late.push(entry.event);
    }
    return late;
  }

  /** What {@link late} has answered and is still not confirmed. */
  stillLate(): UsageMessage[] {
    return [...this.entries.values()].flatMap(({ noted, event }) => (noted && event ? [event] : []));
  }

  /** Everything that can be published: at shutdown. */
  all(): PendingUsage[] {
    return [...this.entries.values()].filter(({ event }) => event !== null);
  }

  private keepEarly(generationId: string, chargedNanos: bigint): void {
    if (this.early.size >= this.capacity) this.early.delete(this.early.keys().next().value!);
    this.early.set(generationId, { chargedNanos, atMs: this.clock() });
  }

  private forgetEarly(beforeMs: number): void {
    for (const [generationId, { atMs }] of this.early) {
      if (atMs > beforeMs) break;
      this.early.delete(generationId);
    }
  }
}

const correct = ({ lease, chargedNanos }: PendingUsage, appliedNanos: bigint): void => {
  if (appliedNanos < chargedNanos) lease.credit(chargedNanos - appliedNanos);
};
