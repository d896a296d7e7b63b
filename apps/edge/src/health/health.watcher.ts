import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import { EndpointHealth, HEALTH_BUCKET, escapeKey } from '@switchyard/contracts';
import { HealthStore } from './health.store.js';

/** Feeds the prober's verdicts from their KV bucket. Without a prober the edge goes by what it sees itself. */
@Injectable()
export class HealthWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(HealthWatcher.name);
  private readonly known = new Map<string, { readonly endpointId: string; readonly revision: number }>();
  private watch: { stop(): Promise<void> } | null = null;
  private closed = false;
  private replaying = true;

  constructor(
    private readonly kv: KvBuckets,
    private readonly health: HealthStore,
  ) {}

  onModuleInit(): void {
    void this.kv
      .watch(HEALTH_BUCKET, {
        onEntry: (key, value, revision) => (value ? this.report(key, value, revision) : this.forget(key)),
        onReconnect: () => (this.replaying = true),
        onReplayed: (keys) => this.forgetAllBut(keys),
      })
      .then((watch) => (this.closed ? watch.stop() : void (this.watch = watch)));
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    await this.watch?.stop();
  }

  private report(key: string, value: Uint8Array, revision: number): void {
    // A replay repeats what is known; taking it again would lengthen an ejection by the time since.
    if (this.known.get(key)?.revision === revision) return;
    try {
      const health = EndpointHealth.parse(JSON.parse(new TextDecoder().decode(value)));
      if (escapeKey(health.endpointId) !== key) throw new Error('it is about another endpoint');
      this.known.set(key, { endpointId: health.endpointId, revision });
      this.health.report(health, this.replaying ? Math.max(0, Date.now() - health.updatedAtMs) : 0);
    } catch (error) {
      this.logger.warn(`health entry ${key} is broken and ignored: ${(error as Error).message}`);
    }
  }

  private forget(key: string): void {
    const known = this.known.get(key);
    if (!known) return;
    this.known.delete(key);
    this.health.forgetReport(known.endpointId);
  }

  private forgetAllBut(keys: ReadonlySet<string>): void {
    this.replaying = false;
    for (const key of this.known.keys()) if (!keys.has(key)) this.forget(key);
  }
}
