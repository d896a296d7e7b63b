import { Inject, Injectable, Logger } from '@nestjs/common';
import { KvBuckets, readJson } from '@switchyard/bus';
import {
  EndpointHealth,
  EndpointHistory,
  HEALTH_BUCKET,
  HEALTH_HISTORY_BUCKET,
  PROBER_BUCKET,
  escapeKey,
} from '@switchyard/contracts';
import { z } from 'zod';
import type { TrackedEndpoint } from '../fleet/tracked-endpoint.js';
import { SavedBlock, blockKey, blockKeys, isBlockKey } from './saved-block.js';

/** How much a prober that is killed may have in its head alone; another one that listened has heard it as well. */
export const SAVE_EVERY_MS = 5_000;
export const SAVE_HISTORY_EVERY_MS = 60_000;

interface Memory {
  readonly modelId: string;
  health: EndpointHealth | null;
  history: EndpointHistory | null;
  readonly blocks: SavedBlock[];
}
/** Endpoints that changed since they were stored, by their ids. */
type Due = Map<string, TrackedEndpoint>;
/** What is stored of each endpoint, by its id. */
export type Memories = ReadonlyMap<string, Memory>;

/** Keeps what the next process goes on from, and reads it back. */
@Injectable()
export class StateStore {
  private readonly logger = new Logger(StateStore.name);
  private changed: Due = new Map();
  private changedDays: Due = new Map();
  private savedAtMs = 0;
  private savedHistoryAtMs = 0;
  private saving: Promise<void> | null = null;

  constructor(@Inject(KvBuckets) private readonly kv: Pick<KvBuckets, 'put' | 'delete' | 'entries'>) {}

  touch(endpoint: TrackedEndpoint): void {
    this.changed.set(endpoint.endpointId, endpoint);
    this.changedDays.set(endpoint.endpointId, endpoint);
  }

  /** Stores what is due, unless the last time is not over yet. */
  tick(nowMs: number): void {
    const dueHistory = nowMs - this.savedHistoryAtMs >= SAVE_HISTORY_EVERY_MS;
    if (this.saving !== null || (nowMs - this.savedAtMs < SAVE_EVERY_MS && !dueHistory)) return;
    this.savedAtMs = nowMs;
    if (dueHistory) this.savedHistoryAtMs = nowMs;
    this.saving = this.save(nowMs, dueHistory).finally(() => (this.saving = null));
  }

  /** Stores everything. */
  async flush(nowMs: number): Promise<void> {
    await this.saving;
    await this.save(nowMs, true);
  }

  /** Somebody else stores from now on. */
  forget(): void {
    this.changed = new Map();
    this.changedDays = new Map();
  }

  remove(endpointId: string): void {
    this.drop(endpointId);
    this.erase(endpointId).catch((error: unknown) =>
      this.logger.warn(`what is stored of ${endpointId} can not be removed: ${(error as Error).message}`),
    );
  }

  /** Reads everything back. */
  async read(): Promise<Memories> {
    const memories = new Map<string, Memory>();
    const memoryOf = ({ endpointId, modelId }: { endpointId: string; modelId: string }): Memory => {
      const known = memories.get(endpointId) ?? { modelId, health: null, history: null, blocks: [] };
      memories.set(endpointId, known);
      return known;
    };
    const [health, history, blocks] = await Promise.all([
      this.kv.entries(HEALTH_BUCKET),
      this.kv.entries(HEALTH_HISTORY_BUCKET),
      this.kv.entries(PROBER_BUCKET),
    ]);
    for (const one of this.parse(health, EndpointHealth)) memoryOf(one).health = one;
    for (const one of this.parse(history, EndpointHistory)) memoryOf(one).history = one;
    const stored = new Map([...blocks].filter(([key]) => isBlockKey(key)));
    for (const one of this.parse(stored, SavedBlock)) memoryOf(one).blocks.push(one);
    return memories;
  }

  private drop(endpointId: string): void {
    this.changed.delete(endpointId);
    this.changedDays.delete(endpointId);
  }

  private async erase(endpointId: string): Promise<void> {
    // What is on its way would be there again, and what does not get out would be tried again.
    await this.saving;
    this.drop(endpointId);
    const keys = blockKeys(endpointId).map((key) => this.kv.delete(PROBER_BUCKET, key));
    await Promise.all([...keys, this.kv.delete(HEALTH_HISTORY_BUCKET, escapeKey(endpointId))]);
  }

  /** What does not get out is due again, unless all was forgotten meanwhile: somebody else knows more by now. */
  private async save(nowMs: number, withHistory: boolean): Promise<void> {
    const { changed, changedDays } = this;
    const endpoints = [...changed.values()];
    const days = withHistory ? [...changedDays.values()] : [];
    changed.clear();
    if (withHistory) changedDays.clear();
    await Promise.all([
      ...endpoints.map((endpoint) => this.saveBlocks(endpoint, nowMs, changed)),
      ...days.map((endpoint) => this.saveHistory(endpoint, nowMs, changedDays)),
    ]);
  }

  private async saveBlocks(endpoint: TrackedEndpoint, nowMs: number, due: Due): Promise<void> {
    const blocks = endpoint.takeChanges(nowMs);
    try {
      for (const block of blocks) await this.kv.put(PROBER_BUCKET, blockKey(block), JSON.stringify(block));
    } catch (error) {
      endpoint.putBack(blocks);
      due.set(endpoint.endpointId, endpoint);
      this.logger.warn(`${endpoint.endpointId} can not be stored for now: ${(error as Error).message}`);
    }
  }

  private async saveHistory(endpoint: TrackedEndpoint, nowMs: number, due: Due): Promise<void> {
    const value = JSON.stringify(endpoint.history(nowMs));
    try {
      await this.kv.put(HEALTH_HISTORY_BUCKET, escapeKey(endpoint.endpointId), value);
    } catch {
      due.set(endpoint.endpointId, endpoint);
    }
  }

  private parse<T>(entries: ReadonlyMap<string, Uint8Array>, schema: z.ZodType<T>): T[] {
    return [...entries].flatMap(([key, value]) => {
      try {
        return [readJson(schema, value)];
      } catch (error) {
        this.logger.warn(`entry ${key} is broken and ignored: ${(error as Error).message}`);
        return [];
      }
    });
  }
}
