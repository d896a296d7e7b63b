import type { GenerationRecord, UsageEvent } from '@switchyard/contracts';
import { LRUCache } from 'lru-cache';

/** A generation with what is known of its cost. */
export interface KnownGeneration {
  readonly generation: GenerationRecord;
  readonly usage: UsageEvent | null;
  readonly chargedNanos: bigint | null;
}

export const MAX_RECENT = 5_000;
const KEEP_MS = 10 * 60_000;

/** The last generations of this edge: readable before the ledger has heard of them. */
export class RecentGenerations {
  private readonly byId = new LRUCache<string, KnownGeneration>({ max: MAX_RECENT, ttl: KEEP_MS });

  put(known: KnownGeneration): void {
    this.byId.set(known.generation.id, known);
  }

  find(id: string, accountId: string): KnownGeneration | null {
    const known = this.byId.get(id);
    return known?.generation.accountId === accountId ? known : null;
  }
}
