import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { JetStreamConsumers } from '@switchyard/bus';
import { Drain } from '@switchyard/chassis';
import { GENERATIONS_STREAM } from '@switchyard/contracts';
import { BATCHING } from '../batching.js';
import { GenerationsService } from './generations.service.js';

const DRAIN_ORDER = 10;

/** Keeps the records of finished generations. */
@Injectable()
export class GenerationsConsumer implements OnApplicationBootstrap {
  constructor(
    private readonly consumers: JetStreamConsumers,
    private readonly generations: GenerationsService,
    private readonly drain: Drain,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const consumer = await this.consumers.consume({
      stream: GENERATIONS_STREAM,
      durable: 'ledger',
      ...BATCHING,
      handler: (messages) => this.generations.record(messages),
    });
    this.drain.register('generations', DRAIN_ORDER, () => consumer.stop());
  }
}
