import { Injectable } from '@nestjs/common';
import { GenerationRecord, UsageEvent, type ReplyOf, type GetGeneration } from '@switchyard/contracts';
import { z } from 'zod';
import { LedgerRepository } from '../database/ledger.repository.js';

interface GenerationRow {
  readonly record: unknown;
  readonly payload: unknown;
  readonly charged: string | null;
  readonly applied_at: Date | null;
}

@Injectable()
export class GenerationsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Stores records by id; the last one of a generation wins, one of another account is ignored. */
  async record(records: readonly GenerationRecord[]): Promise<void> {
    // One statement cannot touch a row twice.
    const unique = [...new Map(records.map((record) => [record.id, record])).values()];
    await this.ledger.call(
      `SELECT record_generations($1::text[], $2::uuid[], $3::uuid[], $4::text[]::timestamptz[], $5::text[]::jsonb[])`,
      [
        unique.map(({ id }) => id),
        unique.map(({ accountId }) => accountId),
        unique.map(({ keyId }) => keyId),
        unique.map(({ createdAt }) => createdAt),
        unique.map((record) => JSON.stringify(z.encode(GenerationRecord, record))),
      ],
    );
  }

  /** Record and usage of a generation of the account; both null when it has none. */
  async find(generationId: string, accountId: string): Promise<ReplyOf<typeof GetGeneration>> {
    const row = await this.ledger.one<GenerationRow>(
      `SELECT g.record, u.payload, u.charged, u.applied_at FROM (SELECT $1::text AS id, $2::uuid AS owner_id) asked
       LEFT JOIN generation g ON (g.id, g.owner_id) = (asked.id, asked.owner_id)
       LEFT JOIN usage_settled u ON (u.generation_id, u.owner_id) = (asked.id, asked.owner_id)`,
      [generationId, accountId],
    );
    return {
      generation: row.record === null ? null : GenerationRecord.parse(row.record),
      usage: row.payload === null ? null : UsageEvent.parse(row.payload),
      chargedNanos: row.charged === null ? null : BigInt(row.charged),
      appliedAt: row.applied_at?.toISOString() ?? null,
    };
  }
}
