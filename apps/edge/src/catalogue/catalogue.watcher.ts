import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { Health } from '@switchyard/chassis';
import { CATALOGUE_BUCKET } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { CatalogueStore } from './catalogue.store.js';
import { decodeEntry } from './decode-entry.js';

/** A registry fills an empty bucket in seconds; a removal that was missed while the broker was away may wait as long. */
export const FORGET_AFTER_MS = 30_000;

/** Feeds the catalogue from its KV bucket, entry by entry: one broken entry costs nothing but its own news. */
@Injectable()
export class CatalogueWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(CatalogueWatcher.name);
  private readonly modelIds = new Map<string, string>();
  private watch: RunningWatch | undefined;
  private loaded = false;
  /** Entries that the last replay did not have. */
  private missing = new Set<string>();
  private forgetting: NodeJS.Timeout | undefined;

  constructor(
    private readonly kv: KvBuckets,
    private readonly catalogue: CatalogueStore,
    private readonly health: Health,
  ) {}

  onModuleInit(): void {
    this.health.check('catalogue', () => this.assertUsable());
    this.watch = this.kv.follow(CATALOGUE_BUCKET, {
      onEntry: (key, value) => (value ? this.put(key, value) : this.remove(key)),
      onBroken: (key, error) => this.reject(key, error),
      onReplayed: (keys) => this.forgetAllBut(keys),
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.forgetting);
    await this.watch?.stop();
  }

  private put(key: string, value: Uint8Array): void {
    const model = decodeEntry(key, value);
    this.catalogue.put(model);
    this.modelIds.set(key, model.id);
    this.missing.delete(key);
    instruments.catalogueModels.record(this.catalogue.size);
  }

  private reject(key: string, { message }: Error): void {
    instruments.catalogueRejected.add(1);
    const kept = this.modelIds.has(key) ? 'its last good version stays' : 'it is left out';
    this.logger.warn(`catalogue entry ${key} is broken, ${kept}: ${message}`);
  }

  private remove(key: string): void {
    const modelId = this.modelIds.get(key);
    if (modelId === undefined) return;
    this.modelIds.delete(key);
    this.catalogue.remove(modelId);
    instruments.catalogueModels.record(this.catalogue.size);
  }

  private forgetAllBut(keys: ReadonlySet<string>): void {
    this.loaded = true;
    this.catalogue.markLoaded();
    // An empty bucket means a broker that lost its store, not a catalogue without models: the last one goes on serving.
    if (keys.size === 0) {
      if (this.catalogue.size > 0) this.logger.warn('the catalogue bucket is empty; the last catalogue stays');
      return;
    }
    // The same broker with a part of its catalogue back: what is missing may be on its way.
    const missing = [...this.modelIds.keys()].filter((key) => !keys.has(key));
    this.missing = new Set(missing);
    clearTimeout(this.forgetting);
    if (missing.length > 0) this.forgetting = setTimeout(() => this.forgetMissing(), FORGET_AFTER_MS).unref();
  }

  private forgetMissing(): void {
    for (const key of this.missing) this.remove(key);
    this.missing.clear();
  }

  private assertUsable(): void {
    if (!this.loaded) throw new Error('the catalogue is not loaded yet');
    if (this.catalogue.size === 0) throw new Error('the catalogue is empty');
  }
}
