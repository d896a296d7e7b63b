import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import { EndpointHistory, HEALTH_HISTORY_BUCKET, escapeKey } from '@switchyard/contracts';
import { HistoryStore } from './history.store.js';

/** Feeds what the prober stores of the last day. Without a prober the status page shows the present alone. */
@Injectable()
export class HistoryWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(HistoryWatcher.name);
  private watch: { stop(): Promise<void> } | null = null;
  private closed = false;

  constructor(
    private readonly kv: KvBuckets,
    private readonly histories: HistoryStore,
  ) {}

  onModuleInit(): void {
    void this.kv
      .watch(HEALTH_HISTORY_BUCKET, {
        onEntry: (key, value) => (value ? this.put(key, value) : this.forget((one) => one === key)),
        onReplayed: (keys) => this.forget((one) => !keys.has(one)),
      })
      .then((watch) => (this.closed ? watch.stop() : void (this.watch = watch)));
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    await this.watch?.stop();
  }

  private put(key: string, value: Uint8Array): void {
    try {
      this.histories.put(EndpointHistory.parse(JSON.parse(new TextDecoder().decode(value))));
    } catch (error) {
      this.logger.warn(`history entry ${key} is broken and ignored: ${(error as Error).message}`);
    }
  }

  private forget(isGone: (key: string) => boolean): void {
    for (const endpointId of this.histories.endpointIds())
      if (isGone(escapeKey(endpointId))) this.histories.remove(endpointId);
  }
}
