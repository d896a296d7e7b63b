import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { JetStreamConsumers, type JetStreamMessage } from '@switchyard/bus';
import { Drain } from '@switchyard/chassis';
import { USAGE_STREAM } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { BATCHING } from '../batching.js';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { UsageService } from './usage.service.js';

const DRAIN_ORDER = 10;

/** Feeds usage from the stream to the books. A message is acknowledged after the commit that booked it. */
@Injectable()
export class UsageConsumer implements OnApplicationBootstrap {
  constructor(
    private readonly consumers: JetStreamConsumers,
    private readonly usage: UsageService,
    private readonly drain: Drain,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const consumer = await this.consumers.consume({
      stream: USAGE_STREAM,
      durable: 'ledger',
      ...BATCHING,
      ackWaitMs: this.options.usageAckWaitMs,
      handler: (messages) => this.#handle(messages),
    });
    this.drain.register('usage', DRAIN_ORDER, () => consumer.stop());
  }

  async #handle(messages: readonly JetStreamMessage[]): Promise<void> {
    await this.usage.apply(messages);
    instruments.ledgerBacklog.record(messages.at(-1)?.pending ?? 0);
  }
}
