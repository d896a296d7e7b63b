import { GenerationRecord, UsageEvent } from '@switchyard/contracts';
import { payersOf } from '@switchyard/pricing';
import type { Clock } from '../credit/clock.js';
import { ByteRing } from './byte-ring.js';

/** A generation with what is known of its cost. */
export interface KnownGeneration {
  readonly generation: GenerationRecord;
  readonly usage: UsageEvent | null;
  readonly chargedNanos: bigint | null;
}

const SLAB_BYTES = 1024 * 1024;
/** Sixteen megabytes: some five thousand generations. */
const SLABS = 16;
const KEEP_MS = 10 * 60_000;

// When it was put in, and how long its record is; the record and the usage follow.
const TIME_AT = 0;
const RECORD_LENGTH_AT = 8;
const HEAD_BYTES = 12;

/**
 * The last generations of this edge: readable before the ledger has heard of them. Kept as they cross the bus, JSON: thousands are kept
 * and hardly one is asked for.
 */
export class RecentGenerations {
  private readonly ring = new ByteRing(SLAB_BYTES, SLABS);

  constructor(private readonly clock: Clock) {}

  /** @param record wire form of the record, @param usage that of the usage, if anything was used */
  put(id: string, record: Uint8Array, usage: string | null): void {
    const recordEnd = HEAD_BYTES + record.byteLength;
    const entry = this.ring.reserve(id, recordEnd + (usage === null ? 0 : Buffer.byteLength(usage)));
    if (!entry) return;
    entry.writeDoubleLE(this.clock(), TIME_AT);
    entry.writeUInt32LE(record.byteLength, RECORD_LENGTH_AT);
    entry.set(record, HEAD_BYTES);
    if (usage !== null) entry.write(usage, recordEnd);
  }

  find(id: string, accountId: string): KnownGeneration | null {
    const entry = this.ring.get(id);
    if (!entry || this.clock() - entry.readDoubleLE(TIME_AT) > KEEP_MS) return null;
    const recordEnd = HEAD_BYTES + entry.readUInt32LE(RECORD_LENGTH_AT);
    const generation = GenerationRecord.parse(jsonOf(entry.subarray(HEAD_BYTES, recordEnd)));
    if (generation.accountId !== accountId) return null;
    const usage = entry.byteLength === recordEnd ? null : UsageEvent.parse(jsonOf(entry.subarray(recordEnd)));
    return { generation, usage, chargedNanos: usage && payersOf(usage).customerNanos };
  }
}

const jsonOf = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
