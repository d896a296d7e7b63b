import { Injectable } from '@nestjs/common';
import { LedgerRepository } from '../database/ledger.repository.js';

/** What became of a message of the payment provider; see the functions of the same names in the migrations. */
export type PaymentStatus =
  | 'applied'
  | 'duplicate'
  | 'contradiction'
  | 'wrong_currency'
  | 'bad_amount'
  | 'unknown_account'
  | 'below_fee'
  | 'ignored'
  | 'not_paid'
  | 'wrong_mode';

/** Every fact comes with the message that told it. */
export interface ToldBy {
  readonly eventId: string;
  readonly type: string;
  /** The provider's id of the payment: the one thing that all messages about it share. */
  readonly intent: string;
}

/** In integer cents times 10^7, so that nothing is rounded; `currency` in lower case. */
export interface Money {
  readonly amountNanos: bigint;
  readonly currency: string;
}

export interface Fee {
  readonly ppm: bigint;
  readonly minNanos: bigint;
}

@Injectable()
export class PaymentsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Credits a payment to its account, once per payment, whichever message tells it. */
  take({ eventId, type, intent }: ToldBy, accountId: string, paid: Money, fee: Fee): Promise<PaymentStatus> {
    return this.#status('take_payment($1, $2, $3, $4, $5, $6, $7, $8)', [
      eventId,
      type,
      intent,
      accountId,
      paid.amountNanos,
      paid.currency,
      fee.ppm,
      fee.minNanos,
    ]);
  }

  /** So much was given back so far, the fee included. */
  refunded({ eventId, type, intent }: ToldBy, sum: Money): Promise<PaymentStatus> {
    return this.#status('note_refunded($1, $2, $3, $4, $5)', [eventId, type, intent, sum.amountNanos, sum.currency]);
  }

  disputed(
    { eventId, type, intent }: ToldBy,
    dispute: { readonly id: string; readonly state: 'open' | 'won' | 'lost' },
    amount: Money,
  ): Promise<PaymentStatus> {
    return this.#status('note_dispute($1, $2, $3, $4, $5, $6, $7)', [
      eventId,
      type,
      intent,
      dispute.id,
      amount.amountNanos,
      amount.currency,
      dispute.state,
    ]);
  }

  /** Keeps a message that moves nothing. */
  note(
    { eventId, type, intent }: Omit<ToldBy, 'intent'> & { readonly intent: string | null },
    amount: Money | null,
    status: PaymentStatus,
  ): Promise<PaymentStatus> {
    return this.#status('note_payment_event($1, $2, $3, $4, $5, $6)', [
      eventId,
      type,
      intent,
      amount?.amountNanos ?? null,
      amount?.currency ?? null,
      status,
    ]);
  }

  /** Payments whose account owes what it did not have when it was claimed. */
  async owing(limit: number): Promise<string[]> {
    const rows = await this.ledger.call<{ intent: string }>(
      `SELECT p.intent FROM payment p JOIN account a ON a.kind = 'user' AND a.owner_id = p.owner_id
       WHERE p.taken <> p.claimed AND (p.taken > p.claimed OR a.credits > a.debits) LIMIT $1`,
      [limit],
    );
    return rows.map((row) => row.intent);
  }

  async collect(intent: string): Promise<bigint> {
    const { moved } = await this.ledger.one<{ moved: string }>('SELECT collect_payment($1) AS moved', [intent]);
    return BigInt(moved);
  }

  async #status(call: string, parameters: readonly unknown[]): Promise<PaymentStatus> {
    const { status } = await this.ledger.one<{ status: PaymentStatus }>(`SELECT ${call} AS status`, parameters);
    return status;
  }
}
