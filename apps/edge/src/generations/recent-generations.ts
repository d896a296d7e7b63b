import { GenerationRecord, UsageEvent } from '@switchyard/contracts';
import { LRUCache } from 'lru-cache';

/** A generation with what is known of its cost. */
export interface KnownGeneration {
  readonly generation: GenerationRecord;
  readonly usage: UsageEvent | null;
  readonly chargedNanos: bigint | null;
}

/**
 * As it crosses the bus, JSON. Thousands are kept and hardly one is asked for, and what is kept is copied twice before it is old: the hundreds
 * of objects of a record and a usage would be most of what the young generation has to copy, bytes lie outside of it.
 */
export interface WrittenGeneration {
  readonly accountId: string;
  readonly record: Buffer;
  readonly usage: Buffer | null;
  readonly chargedNanos: bigint | null;
}

export const MAX_RECENT = 5_000;
const KEEP_MS = 10 * 60_000;

/** The last generations of this edge: readable before the ledger has heard of them. */
export class RecentGenerations {
  private readonly byId = new LRUCache<string, WrittenGeneration>({ max: MAX_RECENT, ttl: KEEP_MS });

  put(id: string, written: WrittenGeneration): void {
    this.byId.set(id, written);
  }

  find(id: string, accountId: string): KnownGeneration | null {
    const written = this.byId.get(id);
    if (written?.accountId !== accountId) return null;
    const { record, usage, chargedNanos } = written;
    return {
      generation: GenerationRecord.parse(jsonOf(record)),
      usage: usage === null ? null : UsageEvent.parse(jsonOf(usage)),
      chargedNanos,
    };
  }
}

const jsonOf = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
