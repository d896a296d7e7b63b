import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import { describeError } from '@switchyard/chassis';
import { Outbox } from '../process/outbox.service.js';
import { CreditService } from './credit.service.js';
import type { PendingUsage } from './pending-usage.js';
import type { UsageJournal } from './usage-journal.js';

const ROUND_MS = 250;
/** A journal with more lines than this beyond those that still count is written anew. */
const MAX_STALE_LINES = 10_000;

/**
 * Speaks for workers that may have said nothing: at once for those that died behind an answer, later for all. Rounds of its own, because
 * the ledger, whom the rounds of credit wait for, may be away in just that moment.
 */
@Injectable()
export class SecondWitness implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('witness');
  private unsubscribe: (() => void) | null = null;
  private timer: NodeJS.Timeout | undefined;
  private journal: UsageJournal | null = null;
  private noting: Promise<void> | null = null;
  private complained = false;

  constructor(
    private readonly streams: StreamClient,
    private readonly credit: CreditService,
    private readonly outbox: Outbox,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.streams.onWorkerGone((worker) => {
      this.credit.pending.hurry(worker);
      this.speak();
    });
    this.timer = setInterval(() => {
      this.speak();
      this.note();
    }, ROUND_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.unsubscribe?.();
    await this.noting;
    const isSaid = this.outbox.idle && this.outbox.dropped === 0;
    const left = isSaid ? [] : this.credit.pending.all().flatMap(({ event }) => event ?? []);
    await this.journal?.keepOnly(left).catch((error: unknown) => this.complain(error));
  }

  /** From now on what the ledger is late to confirm is noted there, for the next life of this edge. */
  keep(journal: UsageJournal): void {
    this.journal = journal;
  }

  /** Before the process ends: what the ledger has not confirmed is published once more. */
  speakOfAll(): void {
    this.publish(this.credit.pending.all());
  }

  private speak(): void {
    this.publish(this.credit.pending.due());
  }

  private publish(pending: readonly PendingUsage[]): void {
    for (const { event } of pending) if (event) this.outbox.send(event);
  }

  private note(): void {
    const { journal } = this;
    // A slow disk must not pile rounds up.
    if (!journal || this.noting) return;
    this.noting = this.noteIn(journal)
      .catch((error: unknown) => this.complain(error))
      .finally(() => (this.noting = null));
  }

  private async noteIn(journal: UsageJournal): Promise<void> {
    const { pending } = this.credit;
    const late = pending.late();
    if (late.length > 0) await journal.append(late);
    else if (journal.length > 0 && pending.noted === 0) await journal.keepOnly([]);
    if (journal.length > pending.noted + MAX_STALE_LINES) await journal.keepOnly(pending.stillLate());
  }

  private complain(error: unknown): void {
    if (!this.complained) this.logger.warn(`late usage cannot be noted in the folder: ${describeError(error)}`);
    this.complained = true;
  }
}
