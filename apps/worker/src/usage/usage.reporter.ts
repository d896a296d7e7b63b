import { Injectable, Logger } from '@nestjs/common';
import { JetStreamPublisher } from '@switchyard/bus';
import { UsageEvent, usageSubject } from '@switchyard/contracts';
import { z } from 'zod';

/** The edge is a second witness and tells the ledger after 30 s, so trying much longer helps nobody. */
const PUBLISH_TIMEOUT_MS = 60_000;

/** Puts usage events on their stream. What is under way is waited for when the process stops. */
@Injectable()
export class UsageReporter {
  private readonly logger = new Logger(UsageReporter.name);
  private readonly pending = new Set<Promise<void>>();

  constructor(private readonly publisher: JetStreamPublisher) {}

  /**
   * Sends the event and returns its wire form without waiting for the confirmation: the `end` frame carries the same bytes. The
   * generation's id is the message id, so a repetition has no effect.
   */
  report(event: UsageEvent): z.input<typeof UsageEvent> {
    const wire = z.encode(UsageEvent, event);
    const sending = this.publisher
      .publish(usageSubject(event.provider), JSON.stringify(wire), {
        messageId: event.generationId,
        timeoutMs: PUBLISH_TIMEOUT_MS,
      })
      .then(
        () => undefined,
        (error: unknown) => this.logger.error(`usage of ${event.generationId} was not confirmed: ${nameOf(error)}`),
      )
      .finally(() => this.pending.delete(sending));
    this.pending.add(sending);
    return wire;
  }

  /** Resolves when everything that was sent is confirmed or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.pending);
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error');
