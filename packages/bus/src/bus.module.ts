import { type DynamicModule, Module, type OnApplicationShutdown, type Provider, type Type } from '@nestjs/common';
import { Bus, connectBus } from './bus.js';
import type { BusOptions } from './connection/options.js';
import { EventPublisher } from './events/publisher.js';
import { EventSubscriber } from './events/subscriber.js';
import { JetStreamConsumers } from './jetstream/consumers.js';
import { KvBuckets } from './jetstream/kv-buckets.js';
import { JetStreamPublisher } from './jetstream/publisher.js';
import { JetStreamReader } from './jetstream/reader.js';
import { RpcClient } from './rpc/client.js';

const part = <T>(token: Type<T>, pick: (bus: Bus) => T): Provider => ({
  provide: token,
  useFactory: pick,
  inject: [Bus],
});

const PARTS = [
  part(RpcClient, (bus) => bus.rpc),
  part(EventPublisher, (bus) => bus.events),
  part(EventSubscriber, (bus) => bus.subscriber),
  part(JetStreamPublisher, (bus) => bus.jetstream),
  part(JetStreamConsumers, (bus) => bus.consumers),
  part(JetStreamReader, (bus) => bus.reader),
  part(KvBuckets, (bus) => bus.kv),
];

/** The bus for a Nest application: connects before anything that uses it is made, closes after everything else has stopped. */
@Module({})
export class BusModule implements OnApplicationShutdown {
  constructor(private readonly bus: Bus) {}

  static forRoot(options: BusOptions): DynamicModule {
    return {
      module: BusModule,
      global: true,
      providers: [{ provide: Bus, useFactory: () => connectBus(options) }, ...PARTS],
      exports: [
        Bus,
        RpcClient,
        EventPublisher,
        EventSubscriber,
        JetStreamPublisher,
        JetStreamConsumers,
        JetStreamReader,
        KvBuckets,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }
}
