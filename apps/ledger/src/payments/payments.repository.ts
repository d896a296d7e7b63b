import { Injectable } from '@nestjs/common';
import type { ListPaymentEvents, PaymentEvent, RequestOf } from '@switchyard/contracts';
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

/** What people should look at: money that came and could not be booked. */
export const UNBOOKED: readonly PaymentStatus[] = [
  'contradiction',
  'wrong_currency',
  'bad_amount',
  'unknown_account',
  'below_fee',
];

interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly intent: string | null;
  readonly owner_id: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly status: string;
  readonly deliveries: number;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
}

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

  async events({ filter, offset, limit }: RequestOf<typeof ListPaymentEvents>): Promise<PaymentEvent[]> {
    const rows = await this.ledger.call<EventRow>(
      `SELECT * FROM payment_event WHERE $1::text[] IS NULL OR status = ANY ($1)
       ORDER BY first_seen_at DESC, id LIMIT $2 OFFSET $3`,
      [filter === 'unbooked' ? UNBOOKED : null, limit, offset],
    );
    return rows.map((row) => ({
      id: row.id,
      type: row.type,
      intent: row.intent,
      accountId: row.owner_id,
      amountNanos: row.amount === null ? null : BigInt(row.amount),
      currency: row.currency,
      status: row.status,
      deliveries: row.deliveries,
      firstSeenAt: row.first_seen_at.toISOString(),
      lastSeenAt: row.last_seen_at.toISOString(),
    }));
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
