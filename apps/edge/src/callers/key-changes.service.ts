import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { KEYS_BUCKET } from '@switchyard/contracts';
import { KeyResolver } from './key-resolver.service.js';

/** Listens to changes of keys, so that a revoked key is dead here within a second. */
@Injectable()
export class KeyChanges implements OnModuleInit, OnApplicationShutdown {
  private watch: RunningWatch | undefined;

  constructor(
    private readonly buckets: KvBuckets,
    private readonly keys: KeyResolver,
  ) {}

  async onModuleInit(): Promise<void> {
    this.watch = await this.buckets.watch(KEYS_BUCKET, {
      onEntry: (digest) => this.keys.evict(digest),
      // Pushes may have been lost while the connection was away.
      onReconnect: () => this.keys.distrustAll(),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.watch?.stop();
  }
}
