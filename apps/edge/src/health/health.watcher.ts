import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets, readJson } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { EndpointHealth, HEALTH_BUCKET, escapeKey } from '@switchyard/contracts';
import { HealthStore } from './health.store.js';

/** Feeds the prober's verdicts from their KV bucket. Without a prober the edge goes by what it sees itself. */
@Injectable()
export class HealthWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(HealthWatcher.name);
  private readonly known = new Map<string, { readonly endpointId: string; readonly revision: number }>();
  private watch: RunningWatch | undefined;
  private replaying = true;

  constructor(
    private readonly kv: KvBuckets,
    private readonly health: HealthStore,
  ) {}

  onModuleInit(): void {
    this.watch = this.kv.follow(HEALTH_BUCKET, {
      onEntry: (key, value, revision) => (value ? this.report(key, value, revision) : this.forget(key)),
      onBroken: (key, { message }) => this.logger.warn(`health entry ${key} is broken and ignored: ${message}`),
      onReconnect: () => (this.replaying = true),
      onReplayed: (keys) => this.forgetAllBut(keys),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.watch?.stop();
  }

  private report(key: string, value: Uint8Array, revision: number): void {
    // A replay repeats what is known; taking it again would lengthen an ejection by the time since.
    if (this.known.get(key)?.revision === revision) return;
    const health = readJson(EndpointHealth, value);
    if (escapeKey(health.endpointId) !== key) throw new Error('it is about another endpoint');
    this.known.set(key, { endpointId: health.endpointId, revision });
    this.health.report(health, this.replaying ? Math.max(0, Date.now() - health.updatedAtMs) : 0);
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
