import { Injectable } from '@nestjs/common';
import type { CreateDeposit, ListDeposits, ReplyOf, RequestOf, StatementEntry } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';

interface DepositRow {
  readonly deposit_id: string;
  readonly created: boolean;
  readonly created_at: Date;
  readonly available: string;
}

interface EntryRow {
  readonly id: string;
  readonly kind: StatementEntry['kind'];
  readonly amount: string;
  readonly fee: string;
  readonly source: string;
  readonly external_id: string;
  readonly deposit_id: string | null;
  readonly note: string | null;
  readonly expires_at: Date | null;
  readonly remaining: string | null;
  readonly created_at: Date;
}

/** Everything that came in or went out without being used, as the customer sees it: what went out is negative. */
const STATEMENT = `
  SELECT d.id, d.kind, d.amount, d.fee, d.source, d.external_id, d.of_deposit AS deposit_id, d.note, p.expires_at, p.remaining, d.created_at
  FROM deposit d LEFT JOIN promo p ON p.deposit_id = d.id WHERE d.owner_id = $1
  UNION ALL
  SELECT w.id, w.kind, -w.amount, 0, w.source, w.external_id, w.deposit_id, w.note, NULL, NULL, w.created_at
  FROM withdrawal w WHERE w.owner_id = $1`;

@Injectable()
export class DepositsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** @throws GatewayError `not_found` for an unknown account, `conflict` for known ids with another amount or account. */
  async create(request: RequestOf<typeof CreateDeposit>): Promise<ReplyOf<typeof CreateDeposit>> {
    const { accountId, amountNanos, source, externalId, note } = request;
    const row = await this.ledger.one<DepositRow>('SELECT * FROM create_deposit($1, $2, $3, $4, $5, $6)', [
      randomUUID(),
      accountId,
      amountNanos,
      source,
      externalId,
      note,
    ]);
    return {
      depositId: row.deposit_id,
      created: row.created,
      amountNanos,
      createdAt: row.created_at.toISOString(),
      availableNanos: BigInt(row.available),
    };
  }

  /** A page of an account's statement, newest first; of all kinds when none is named. */
  async list(request: RequestOf<typeof ListDeposits>): Promise<ReplyOf<typeof ListDeposits>> {
    const { accountId, kinds, offset, limit } = request;
    const wanted = `SELECT * FROM (${STATEMENT}) entry WHERE cardinality($2::text[]) = 0 OR kind = ANY ($2::text[])`;
    const { total } = await this.ledger.one<{ total: string }>(`SELECT count(*) AS total FROM (${wanted}) entries`, [
      accountId,
      kinds,
    ]);
    const rows = await this.ledger.call<EntryRow>(`${wanted} ORDER BY created_at DESC, id LIMIT $3 OFFSET $4`, [
      accountId,
      kinds,
      limit,
      offset,
    ]);
    return { entries: rows.map(entryOf), total: Number(total) };
  }
}

const entryOf = (row: EntryRow): StatementEntry => ({
  id: row.id,
  kind: row.kind,
  amountNanos: BigInt(row.amount),
  feeNanos: BigInt(row.fee),
  source: row.source,
  externalId: row.external_id,
  depositId: row.deposit_id,
  note: row.note,
  expiresAt: row.expires_at?.toISOString() ?? null,
  remainingNanos: row.remaining === null ? null : BigInt(row.remaining),
  createdAt: row.created_at.toISOString(),
});
