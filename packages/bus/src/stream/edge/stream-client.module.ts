import { Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { StreamClient } from './stream-client.js';
import type { StreamClientOptions } from './stream-client.js';

/** Provides StreamClient, connected, to the whole application. */
@Module({})
export class StreamClientModule implements OnApplicationShutdown {
  constructor(private readonly client: StreamClient) {}

  static forRoot(options: StreamClientOptions): DynamicModule {
    return {
      module: StreamClientModule,
      global: true,
      providers: [{ provide: StreamClient, useFactory: () => StreamClient.connect(options) }],
      exports: [StreamClient],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
