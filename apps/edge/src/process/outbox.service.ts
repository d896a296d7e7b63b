import { Injectable, Logger } from '@nestjs/common';
import { JetStreamPublisher } from '@switchyard/bus';

export interface OutboxMessage {
  readonly subject: string;
  readonly bytes: Uint8Array | string;
  readonly messageId: string;
}

/** Messages that may be under way at once; a broker that is away for long costs records of generations, never memory or money. */
export const MAX_UNDER_WAY = 20_000;
const PATIENCE_MS = 60_000;

/** Publishes in the background what nobody waits for, and knows what is still under way when the process ends. */
@Injectable()
export class Outbox {
  private readonly logger = new Logger(Outbox.name);
  private readonly underWay = new Set<Promise<void>>();
  private droppedMessages = 0;

  constructor(private readonly publisher: JetStreamPublisher) {}

  get dropped(): number {
    return this.droppedMessages;
  }

  /** Everything that was sent is stored or dropped. */
  get idle(): boolean {
    return this.underWay.size === 0;
  }

  send(message: OutboxMessage): void {
    if (this.underWay.size >= MAX_UNDER_WAY) {
      this.droppedMessages += 1;
      return;
    }
    const sending: Promise<void> = this.publish(message).finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }

  /** Waits for what is under way, at most until the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    await Promise.race([Promise.all(this.underWay), late]);
    clearTimeout(timer);
  }

  private async publish(message: OutboxMessage): Promise<void> {
    const { subject, messageId } = message;
    try {
      await this.publisher.publishBundled(subject, message.bytes, { messageId, timeoutMs: PATIENCE_MS });
    } catch (error) {
      this.droppedMessages += 1;
      this.logger.error(
        `message ${messageId} on ${subject} was not stored: ${error instanceof Error ? error.message : ''}`,
      );
    }
  }
}
