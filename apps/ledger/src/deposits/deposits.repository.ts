import { Injectable } from '@nestjs/common';
import type { CreateDeposit, ReplyOf, RequestOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';

interface DepositRow {
  readonly deposit_id: string;
  readonly created: boolean;
  readonly created_at: Date;
  readonly available: string;
}

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
}
