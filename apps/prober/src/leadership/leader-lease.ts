import { Logger } from '@nestjs/common';
import type { KvBuckets } from '@switchyard/bus';
import { PROBER_BUCKET } from '@switchyard/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

const KEY = 'leader';
const RENEW_EVERY_MS = 1_000;
/** A leader that was not heard of for so long is taken for dead. */
export const LEASE_MS = 6_000;

export interface LeaderEvents {
  onGained(): void;
  onLost(): void;
}

/**
 * Which of several probers decides: the one that wrote the key last and keeps on writing it. Time is measured by each for itself, by
 * how long the key stands still, so that clocks need not agree. Two leaders for a moment would do no harm that lasts, because a
 * leader only publishes while its last renewal is fresh.
 */
export class LeaderLease {
  private readonly logger = new Logger('leadership');
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private revision: number | null = null;
  private renewedAtMs = Number.NEGATIVE_INFINITY;
  private seen: { readonly revision: number; readonly sinceMs: number } | null = null;

  constructor(
    private readonly kv: Pick<KvBuckets, 'create' | 'get' | 'update' | 'delete'>,
    private readonly id: string,
    private readonly events: LeaderEvents,
  ) {}

  /** This process leads, and may say so to others. */
  get held(): boolean {
    return this.revision !== null && performance.now() - this.renewedAtMs < LEASE_MS;
  }

  /** It is known whether this process leads. */
  get known(): boolean {
    return this.revision !== null || this.seen !== null;
  }

  start(): void {
    this.running = this.run();
  }

  /** Gives leadership back, so that another need not wait for it to run out. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    if (this.held) await this.kv.delete(PROBER_BUCKET, KEY).catch(() => undefined);
    this.revision = null;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await (this.revision === null ? this.seek() : this.renew(this.revision));
      } catch (error) {
        this.logger.debug?.(`leadership is unknown for now: ${(error as Error).message}`);
      }
      await sleep(RENEW_EVERY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async renew(revision: number): Promise<void> {
    const askedAtMs = performance.now();
    const renewed = await this.kv.update(PROBER_BUCKET, KEY, this.id, revision);
    if (renewed !== null) return this.renewedAt(renewed, askedAtMs);
    const current = await this.kv.get(PROBER_BUCKET, KEY);
    // The confirmation of an earlier renewal was lost.
    if (current && textOf(current.value) === this.id) return this.renewedAt(current.revision, askedAtMs);
    this.revision = null;
    this.logger.log('another prober leads now');
    this.events.onLost();
  }

  private async seek(): Promise<void> {
    const askedAtMs = performance.now();
    const current = await this.kv.get(PROBER_BUCKET, KEY);
    if (!current) return this.gain(await this.kv.create(PROBER_BUCKET, KEY, this.id), askedAtMs);
    if (this.seen?.revision !== current.revision) this.seen = { revision: current.revision, sinceMs: askedAtMs };
    const mine = textOf(current.value) === this.id;
    if (mine || askedAtMs - this.seen.sinceMs >= LEASE_MS)
      this.gain(await this.kv.update(PROBER_BUCKET, KEY, this.id, current.revision), askedAtMs);
  }

  private gain(revision: number | null, askedAtMs: number): void {
    if (revision === null) return;
    this.renewedAt(revision, askedAtMs);
    this.logger.log('this prober leads');
    this.events.onGained();
  }

  private renewedAt(revision: number, atMs: number): void {
    this.revision = revision;
    this.renewedAtMs = atMs;
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
