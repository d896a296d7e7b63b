import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus, KvBuckets } from '@switchyard/bus';
import { CATALOGUE_BUCKET, catalogueKey } from '@switchyard/contracts';
import { OutboxRelay } from '@switchyard/database';
import { CatalogueRepository, type CatalogueTransaction, type StoredModel } from '../catalogue/catalogue.repository.js';
import { entryOf } from '../catalogue/same-model.js';
import { DistributionRepository } from './distribution.repository.js';

const BATCH = 200;
/** A bucket that someone else has changed or emptied is put right by itself after this long. */
const RECONCILE_EVERY_MS = 5 * 60_000;
const PARALLEL = 16;

/**
 * Carries the catalogue to the edges: one entry of the `catalogue` bucket per model that is served. Changes go out as soon as
 * they are committed, prices when they begin; everything is compared at the start and after the broker was away.
 */
@Injectable()
export class DistributorService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DistributorService.name);
  private readonly relay: OutboxRelay;
  private reconcileAtMs = 0;
  /** Prices that began up to here are at the edges. */
  private pricedUntil: Date | null = null;
  private forgetStatus: (() => void) | null = null;

  constructor(
    private readonly catalogue: CatalogueRepository,
    private readonly distribution: DistributionRepository,
    private readonly buckets: KvBuckets,
    private readonly bus: Bus,
  ) {
    this.relay = new OutboxRelay({ name: 'catalogue', drain: () => this.drain() });
  }

  onApplicationBootstrap(): void {
    this.forgetStatus = this.bus.onStatus((status) => {
      if (status === 'connected') this.reconcileSoon();
    });
    this.relay.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.forgetStatus?.();
    await this.relay.stop();
  }

  /** There is something to distribute. */
  wake(): void {
    this.relay.wake();
  }

  /** Whether the edges have had the whole catalogue since this process started. */
  get ready(): boolean {
    return this.pricedUntil !== null;
  }

  private reconcileSoon(): void {
    this.reconcileAtMs = 0;
    this.relay.wake();
  }

  private async drain(): Promise<number> {
    if (performance.now() >= this.reconcileAtMs) await this.reconcile();
    return this.distribution.exclusively(async (manager) => {
      const changes = await this.distribution.pending(manager, BATCH);
      const until = await this.distribution.now(manager);
      const priced = await this.distribution.modelsWithNewPrice(manager, this.pricedUntil ?? until, until);
      const ids = [...new Set([...changes.map((change) => change.modelId), ...priced])];
      await this.publish(await this.catalogue.load(manager, ids));
      await this.distribution.forget(manager, changes);
      this.pricedUntil = until;
      return changes.length;
    });
  }

  /** Makes the bucket equal to the catalogue: adds, changes, removes; what is right already is not written again. */
  private async reconcile(): Promise<void> {
    await this.distribution.exclusively(async (manager: CatalogueTransaction) => {
      const until = await this.distribution.now(manager);
      const models = await this.catalogue.load(manager);
      const known = new Set(models.map(({ model }) => catalogueKey(model.id)));
      const written = await this.publish(models);
      const foreign = (await this.buckets.keys(CATALOGUE_BUCKET)).filter((key) => !known.has(key));
      for (const key of foreign) await this.buckets.delete(CATALOGUE_BUCKET, key);
      this.pricedUntil = until;
      this.logger.log(`compared ${models.length} models with the bucket, wrote ${written + foreign.length}`);
    });
    this.reconcileAtMs = performance.now() + RECONCILE_EVERY_MS;
  }

  /** Writes the entries that differ; answers how many. */
  private async publish(models: readonly StoredModel[]): Promise<number> {
    let written = 0;
    for (let at = 0; at < models.length; at += PARALLEL) {
      const results = await Promise.all(models.slice(at, at + PARALLEL).map((model) => this.publishOne(model)));
      written += results.filter(Boolean).length;
    }
    return written;
  }

  private async publishOne({ model, removed }: StoredModel): Promise<boolean> {
    const key = catalogueKey(model.id);
    const current = await this.buckets.get(CATALOGUE_BUCKET, key);
    if (removed || model.endpoints.length === 0) {
      if (current) await this.buckets.delete(CATALOGUE_BUCKET, key);
      return current !== null;
    }
    const entry = entryOf(model);
    if (current && Buffer.from(current.value).toString() === entry) return false;
    await this.buckets.put(CATALOGUE_BUCKET, key, entry);
    return true;
  }
}
