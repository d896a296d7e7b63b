import { Injectable } from '@nestjs/common';
import type { GrantPromo, ReplyOf, RequestOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';

interface PromoRow {
  readonly deposit_id: string;
  readonly created: boolean;
  readonly expires_at: Date;
  readonly available: string;
}

/** Credit that expires. It is counted as spent before other money, the earliest expiry first. */
@Injectable()
export class PromosRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** @throws GatewayError `not_found` for an unknown account, `conflict` for a known id with another amount or account. */
  async grant(request: RequestOf<typeof GrantPromo>): Promise<ReplyOf<typeof GrantPromo>> {
    const { accountId, amountNanos, expiresAt, externalId, note } = request;
    const row = await this.ledger.one<PromoRow>('SELECT * FROM grant_promo($1, $2, $3, $4, $5, $6)', [
      randomUUID(),
      accountId,
      amountNanos,
      externalId,
      note,
      expiresAt,
    ]);
    return {
      depositId: row.deposit_id,
      created: row.created,
      amountNanos,
      expiresAt: row.expires_at.toISOString(),
      availableNanos: BigInt(row.available),
    };
  }

  /** Deposits whose time is over and whose rest is not yet taken back, the longest overdue first. */
  async expired(limit: number): Promise<string[]> {
    const rows = await this.ledger.call<{ deposit_id: string }>(
      'SELECT deposit_id FROM promo WHERE ended_at IS NULL AND expires_at <= clock() ORDER BY expires_at LIMIT $1',
      [limit],
    );
    return rows.map((row) => row.deposit_id);
  }

  /** What was taken back now; what is lent stays until its lease is closed. */
  async expire(depositId: string): Promise<bigint> {
    const { taken } = await this.ledger.one<{ taken: string }>('SELECT expire_promo($1) AS taken', [depositId]);
    return BigInt(taken);
  }
}
