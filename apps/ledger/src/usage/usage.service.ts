import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventPublisher } from '@switchyard/bus';
import { AdmissionTickets, UsageApplied } from '@switchyard/contracts';
import { instruments, runWithTraceHeaders } from '@switchyard/telemetry';
import { createHash } from 'node:crypto';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { readUsage } from './usage-event.js';
import { UsageRepository, type Applied } from './usage.repository.js';

export interface UsageMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /** The trace that it was published in. */
  readonly traceHeaders?: Readonly<Record<string, string>>;
}

@Injectable()
export class UsageService {
  readonly #logger = new Logger('usage');
  readonly #tickets: AdmissionTickets;

  constructor(
    private readonly usage: UsageRepository,
    private readonly events: EventPublisher,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#tickets = new AdmissionTickets(options.ticketSecret);
  }

  /** Books a batch of messages and tells the edges. When it returns, every message is booked, laid by or quarantined, for good. */
  async apply(messages: readonly UsageMessage[]): Promise<readonly Applied[]> {
    const applied = await this.usage.apply(
      messages.map(({ subject, data, sequence }) => ({
        subject,
        sequence,
        digest: createHash('sha256').update(data).digest('hex'),
        usage: readUsage(data, this.#tickets),
      })),
      { estimateWaitMs: this.options.estimateWaitMs },
    );
    this.tell(applied, messages);
    return applied;
  }

  /** Books estimates whose time of waiting is over, at most so many. Answers how many there were. */
  async applyDue(limit: number): Promise<number> {
    const due = await this.usage.due(limit, this.#tickets);
    if (due.length > 0) this.tell(await this.usage.apply(due), []);
    return due.length;
  }

  /** Metrics, logs and edges hear of what was applied. */
  tell(applied: readonly Applied[], messages: readonly UsageMessage[]): void {
    this.#count(applied);
    this.#report(applied, messages);
    this.#tellEdges(applied);
  }

  #count(applied: readonly Applied[]): void {
    instruments.ledgerBatchSize.record(applied.length);
    for (const { status, outcome, reason, lostNanos, overBoundNanos, insuredNanos } of applied) {
      if (status === 'applied') instruments.usageApplied.add(1, { outcome });
      if (status === 'corrected') instruments.ledgerCorrections.add(1);
      if (status === 'quarantined') instruments.ledgerQuarantined.add(1, { reason: reason ?? 'unknown' });
      // A metric is a double, exact to nine million dollars; the books have the exact sum.
      if (lostNanos > 0n) instruments.ledgerLossNanos.add(Number(lostNanos));
      if (insuredNanos > 0n) instruments.ledgerInsuredNanos.add(Number(insuredNanos));
      if (overBoundNanos > 0n) instruments.boundViolations.add(1);
    }
  }

  /** What somebody must look at, each line in the trace of its generation. */
  #report(applied: readonly Applied[], messages: readonly UsageMessage[]): void {
    const headersOf = (wanted: number) => messages.find(({ sequence }) => sequence === wanted)?.traceHeaders;
    for (const { status, reason, generationId, sequence, overBoundNanos } of applied) {
      if (status !== 'quarantined' && status !== 'contradiction' && overBoundNanos === 0n) continue;
      runWithTraceHeaders(headersOf(sequence), () => {
        if (status === 'quarantined')
          this.#logger.error(`usage of ${generationId || 'an unreadable generation'} is quarantined: ${reason}`);
        else if (status === 'contradiction')
          this.#logger.warn(`usage of ${generationId} came again and says something else; the first stays`);
        else this.#logger.warn(`usage of ${generationId} is ${overBoundNanos} nano-dollars above its bound`);
      });
    }
  }

  /** Quarantined usage is told as well: the ledger has it for good, so the edge need not keep it. */
  #tellEdges(applied: readonly Applied[]): void {
    const byEdge = Map.groupBy(
      applied.filter(({ edgeId, generationId }) => edgeId !== null && generationId !== ''),
      ({ edgeId }) => edgeId ?? '',
    );
    for (const [edgeId, entries] of byEdge) {
      try {
        this.events.publish(
          UsageApplied,
          {
            edgeId,
            applied: entries.map(({ generationId, leaseId, chargedNanos }) => ({
              generationId,
              leaseId,
              chargedNanos,
            })),
          },
          { suffix: edgeId },
        );
      } catch (error) {
        // An edge that is not told publishes its usage again and is told then.
        this.#logger.warn(`an edge could not be told of its usage: ${(error as Error).message}`);
      }
    }
  }
}
