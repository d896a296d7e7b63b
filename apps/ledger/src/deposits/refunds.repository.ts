import { Injectable } from '@nestjs/common';
import type { CreateRefund, RequestOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';

interface RefundRow {
  readonly outcome: 'created' | 'known' | 'no_deposit' | 'too_much' | 'not_payable';
  readonly refund_id: string | null;
  readonly amount: string | null;
  readonly refundable: string | null;
  readonly state: 'done' | 'pending' | 'failed' | null;
  readonly available: string | null;
}

export type BegunRefund =
  | { readonly outcome: 'no_deposit' | 'not_payable' }
  | { readonly outcome: 'too_much'; readonly refundableNanos: bigint }
  | {
      readonly outcome: 'created' | 'known';
      readonly refundId: string;
      readonly amountNanos: bigint;
      readonly state: 'done' | 'pending' | 'failed';
      readonly availableNanos: bigint;
    };

/** A refund that the payment provider has to be told of. */
export interface ProviderRefund {
  readonly refundId: string;
  readonly intent: string;
  readonly amountNanos: bigint;
}

@Injectable()
export class RefundsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /**
   * Takes the money from the account at once. Through the payment provider only whole steps can be given back.
   * @throws GatewayError `conflict` for a known id with another amount or deposit.
   */
  async begin(request: RequestOf<typeof CreateRefund>, stepNanos: bigint): Promise<BegunRefund> {
    const { accountId, depositId, amountNanos, externalId, note } = request;
    const row = await this.ledger.one<RefundRow>('SELECT * FROM begin_refund($1, $2, $3, $4, $5, $6, $7)', [
      randomUUID(),
      accountId,
      depositId,
      amountNanos,
      externalId,
      note,
      stepNanos,
    ]);
    if (row.outcome === 'no_deposit' || row.outcome === 'not_payable') return { outcome: row.outcome };
    if (row.outcome === 'too_much') return { outcome: 'too_much', refundableNanos: BigInt(row.refundable ?? 0) };
    return {
      outcome: row.outcome,
      refundId: row.refund_id ?? '',
      amountNanos: BigInt(row.amount ?? 0),
      state: row.state ?? 'done',
      availableNanos: BigInt(row.available ?? 0),
    };
  }

  /** Takes one refund in hand for so long: this one, or whichever is due. Null when there is none. */
  async next(refundId: string | null, holdMs: number): Promise<ProviderRefund | null> {
    const [row] = await this.ledger.call<{ withdrawal_id: string; intent: string; amount: string }>(
      'SELECT * FROM next_provider_refund($1, $2)',
      [refundId, holdMs],
    );
    return row ? { refundId: row.withdrawal_id, intent: row.intent, amountNanos: BigInt(row.amount) } : null;
  }

  /** What became of a refund, by our id or by that of the provider. False when it is not ours or was over before. */
  async end(
    refundId: string | null,
    {
      providerId,
      state,
      error,
    }: { providerId: string | null; state: 'sent' | 'done' | 'failed'; error: string | null },
  ): Promise<boolean> {
    const { ended } = await this.ledger.one<{ ended: boolean }>('SELECT end_provider_refund($1, $2, $3, $4) AS ended', [
      refundId,
      providerId,
      state,
      error,
    ]);
    return ended;
  }
}
