import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { JetStreamPublisher } from '@switchyard/bus';
import { OutboxRelay } from '@switchyard/database';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';

const BATCH = 100;

/**
 * Tells what happened to money, through a stream that keeps it. An entry may be told twice, by two ledgers or after a crash, and
 * carries the same id then, by which the stream knows it again.
 */
@Injectable()
export class LedgerEventsRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #relay: OutboxRelay;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly jetstream: JetStreamPublisher,
  ) {
    this.#relay = new OutboxRelay({ name: 'ledger events', drain: () => this.drain() });
  }

  onApplicationBootstrap(): void {
    this.#relay.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#relay.stop();
  }

  /** In order, and none is forgotten that the stream has not confirmed. */
  async drain(): Promise<number> {
    const told: OutboxEntry[] = [];
    try {
      for (const entry of await this.outbox.pending(BATCH)) {
        await this.jetstream.publish(entry.subject, JSON.stringify(entry.payload), { messageId: entry.messageId });
        told.push(entry);
      }
    } finally {
      if (told.length > 0) await this.outbox.forget(told);
    }
    return told.length;
  }
}
