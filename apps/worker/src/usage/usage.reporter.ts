import { Injectable, Logger } from '@nestjs/common';
import { JetStreamPublisher } from '@switchyard/bus';
import type { Delivery } from '@switchyard/bus';
import { usageSubject } from '@switchyard/contracts';
import type { UsageEventWire } from '@switchyard/contracts';
import { PAYMENT_CASES } from '@switchyard/pricing';

/** The edge is a second witness and tells the ledger after 30 s, so trying much longer helps nobody. */
const PUBLISH_TIMEOUT_MS = 60_000;

interface ReportOptions {
  readonly leftToEdge?: boolean;
}

/** Puts usage events on their stream. What is under way is waited for when the process stops. */
@Injectable()
export class UsageReporter {
  private readonly logger = new Logger(UsageReporter.name);
  private readonly pending = new Set<Promise<void>>();

  constructor(private readonly publisher: JetStreamPublisher) {}

  /**
   * Tells the ledger of a usage, once it is known whether the answer arrived: nobody pays for one that did not. Returns at once. The
   * ledger books a generation once, so a repetition, also by the edge that has the same event, has no effect. Until
   * the stream has it, the edge is the witness: what a kill takes with it here, the edge tells.
   * @param leftToEdge the edge decides what becomes of the generation, and tells: this is said only when there is no edge any more
   */
  report(event: UsageEventWire, delivered: Promise<Delivery>, { leftToEdge = false }: ReportOptions = {}): void {
    const reporting = this.tell(event, delivered, leftToEdge)
      .catch((error: unknown) =>
        this.logger.error(`usage of ${event.generationId} was not confirmed: ${nameOf(error)}`),
      )
      .finally(() => this.pending.delete(reporting));
    this.pending.add(reporting);
  }

  /** Resolves when everything that was sent is confirmed or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.pending);
  }

  private async tell(event: UsageEventWire, delivered: Promise<Delivery>, leftToEdge: boolean): Promise<void> {
    const said = await this.settled(event, delivered, leftToEdge);
    if (said) await this.publish(said);
  }

  private async settled(
    event: UsageEventWire,
    delivered: Promise<Delivery>,
    leftToEdge: boolean,
  ): Promise<UsageEventWire | null> {
    const delivery = await delivered;
    if (delivery === 'confirmed') return leftToEdge ? null : event;
    if (delivery === 'lost') return { ...event, outcome: PAYMENT_CASES.gateway_failed.books };
    // The edge is there, has the event or asked another worker instead, and tells. Two words for one generation would hide one.
    this.logger.warn(`usage of ${event.generationId} is left to its edge`);
    return null;
  }

  private async publish(event: UsageEventWire): Promise<void> {
    await this.publisher.publishBundled(usageSubject(event.provider), JSON.stringify(event), {
      messageId: event.generationId,
      timeoutMs: PUBLISH_TIMEOUT_MS,
    });
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error');
