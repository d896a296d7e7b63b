import { Injectable } from '@nestjs/common';
import type { AutoTopUp } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface TopUpRow {
  readonly owner_id: string;
  readonly threshold: string;
  readonly amount: string;
  readonly state: AutoTopUp['state'];
  readonly failures: number;
  readonly last_error: string | null;
  readonly last_topped_up_at: Date | null;
  readonly updated_at: Date;
}

/** A try that this process has in hand. */
export interface TopUpAttempt {
  readonly accountId: string;
  /** The key by which the payment provider recognises a repeated call. */
  readonly attemptId: string;
  readonly amountNanos: bigint;
  /** The payment of this try, once it is known. */
  readonly intent: string | null;
  readonly customer: string;
  readonly paymentMethod: string | null;
  /** The payment in which the means of payment was saved. */
  readonly savedIn: string;
}

@Injectable()
export class AutoTopUpRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  async find(accountId: string): Promise<{ autoTopUp: AutoTopUp | null; paymentMethodSaved: boolean }> {
    const [row] = await this.ledger.call<TopUpRow>('SELECT * FROM auto_top_up WHERE owner_id = $1', [accountId]);
    const payers = await this.ledger.call('SELECT 1 FROM payer WHERE owner_id = $1', [accountId]);
    return { autoTopUp: row ? autoTopUpOf(row) : null, paymentMethodSaved: payers.length > 0 };
  }

  /** False when no means of payment is saved. @throws GatewayError `not_found` for an unknown account. */
  async set(accountId: string, thresholdNanos: bigint, amountNanos: bigint): Promise<boolean> {
    const { saved } = await this.ledger.one<{ saved: boolean }>('SELECT set_auto_top_up($1, $2, $3) AS saved', [
      accountId,
      thresholdNanos,
      amountNanos,
    ]);
    return saved;
  }

  async delete(accountId: string): Promise<boolean> {
    const { deleted } = await this.ledger.one<{ deleted: boolean }>('SELECT delete_auto_top_up($1) AS deleted', [
      accountId,
    ]);
    return deleted;
  }

  async savePayer(
    accountId: string,
    payer: { readonly customer: string; readonly paymentMethod: string | null; readonly intent: string },
  ): Promise<void> {
    await this.ledger.call('SELECT save_payer($1, $2, $3, $4)', [
      accountId,
      payer.customer,
      payer.paymentMethod,
      payer.intent,
    ]);
  }

  /** How the payment provider calls whoever pays for the account; null while nobody's means of payment is saved. */
  async customerOf(accountId: string): Promise<string | null> {
    const [row] = await this.ledger.call<{ customer: string }>('SELECT customer FROM payer WHERE owner_id = $1', [
      accountId,
    ]);
    return row?.customer ?? null;
  }

  /** Accounts whose balance fell, or whose try is overdue. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.ledger.call<{ owner_id: string }>(
      `SELECT owner_id FROM auto_top_up WHERE state IN ('due', 'charging') AND next_try_at <= clock() ORDER BY next_try_at LIMIT $1`,
      [limit],
    );
    return rows.map((row) => row.owner_id);
  }

  /** Null when there is nothing to do any more, or another ledger does it. */
  async begin(accountId: string, holdMs: number): Promise<TopUpAttempt | null> {
    const [row] = await this.ledger.call<Record<string, string | null>>('SELECT * FROM begin_top_up($1, $2)', [
      accountId,
      holdMs,
    ]);
    if (!row) return null;
    return {
      accountId,
      attemptId: row['attempt_id'] ?? '',
      amountNanos: BigInt(row['amount'] ?? 0),
      intent: row['intent'] ?? null,
      customer: row['customer'] ?? '',
      paymentMethod: row['payment_method'] ?? null,
      savedIn: row['saved_in'] ?? '',
    };
  }

  /** False when the try was over before. */
  async end(
    { accountId, attemptId }: Pick<TopUpAttempt, 'accountId' | 'attemptId'>,
    outcome:
      | { readonly kind: 'succeeded' }
      | { readonly kind: 'processing'; readonly intent: string }
      | { readonly kind: 'failed'; readonly error: string },
  ): Promise<boolean> {
    const { ended } = await this.ledger.one<{ ended: boolean }>('SELECT end_top_up($1, $2, $3, $4, $5) AS ended', [
      accountId,
      attemptId,
      outcome.kind,
      outcome.kind === 'processing' ? outcome.intent : null,
      outcome.kind === 'failed' ? outcome.error : null,
    ]);
    return ended;
  }
}

const autoTopUpOf = (row: TopUpRow): AutoTopUp => ({
  accountId: row.owner_id,
  thresholdNanos: BigInt(row.threshold),
  amountNanos: BigInt(row.amount),
  state: row.state,
  failures: row.failures,
  lastError: row.last_error,
  lastToppedUpAt: row.last_topped_up_at?.toISOString() ?? null,
  updatedAt: row.updated_at.toISOString(),
});
