import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets, readJson } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { EndpointHistory, HEALTH_HISTORY_BUCKET, escapeKey } from '@switchyard/contracts';
import { HistoryStore } from './history.store.js';

/** Feeds what the prober stores of the last day. Without a prober the status page shows the present alone. */
@Injectable()
export class HistoryWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(HistoryWatcher.name);
  private watch: RunningWatch | undefined;

  constructor(
    private readonly kv: KvBuckets,
    private readonly histories: HistoryStore,
  ) {}

  onModuleInit(): void {
    this.watch = this.kv.follow(HEALTH_HISTORY_BUCKET, {
      onEntry: (key, value) =>
        value ? this.histories.put(readJson(EndpointHistory, value)) : this.forget((one) => one === key),
      onBroken: (key, { message }) => this.logger.warn(`history entry ${key} is broken and ignored: ${message}`),
      onReplayed: (keys) => this.forget((one) => !keys.has(one)),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.watch?.stop();
  }

  private forget(isGone: (key: string) => boolean): void {
    for (const endpointId of this.histories.endpointIds())
      if (isGone(escapeKey(endpointId))) this.histories.remove(endpointId);
  }
}
