import { Injectable, Logger } from '@nestjs/common';
import { EventPublisher } from '@switchyard/bus';
import { UsageApplied } from '@switchyard/contracts';
import { instruments, runWithTraceHeaders } from '@switchyard/telemetry';
import { createHash } from 'node:crypto';
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

  constructor(
    private readonly usage: UsageRepository,
    private readonly events: EventPublisher,
  ) {}

  /** Books a batch of messages and tells the edges. When it returns, every message is booked or quarantined, for good. */
  async apply(messages: readonly UsageMessage[]): Promise<readonly Applied[]> {
    const applied = await this.usage.apply(
      messages.map(({ subject, data, sequence }) => ({
        subject,
        sequence,
        digest: createHash('sha256').update(data).digest('hex'),
        usage: readUsage(data),
      })),
    );
    this.#count(applied);
    this.#report(applied, messages);
    this.#tellEdges(applied);
    return applied;
  }

  #count(applied: readonly Applied[]): void {
    instruments.ledgerBatchSize.record(applied.length);
    for (const { status, outcome, reason, lostNanos } of applied) {
      if (status === 'applied') instruments.usageApplied.add(1, { outcome });
      if (status === 'quarantined') instruments.ledgerQuarantined.add(1, { reason: reason ?? 'unknown' });
      // A metric is a double, exact to nine million dollars; the books have the exact sum.
      if (lostNanos > 0n) instruments.ledgerLossNanos.add(Number(lostNanos));
    }
  }

  /** What somebody must look at, each line in the trace of its generation. */
  #report(applied: readonly Applied[], messages: readonly UsageMessage[]): void {
    const headersOf = (wanted: number) => messages.find(({ sequence }) => sequence === wanted)?.traceHeaders;
    for (const { status, reason, generationId, sequence } of applied) {
      if (status !== 'quarantined' && status !== 'contradiction') continue;
      runWithTraceHeaders(headersOf(sequence), () => {
        if (status === 'quarantined')
          this.#logger.error(`usage of ${generationId || 'an unreadable generation'} is quarantined: ${reason}`);
        else this.#logger.warn(`usage of ${generationId} came again and says something else; the first stays`);
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
