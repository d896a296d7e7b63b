import { Injectable } from '@nestjs/common';
import { LedgerRepository } from '../database/ledger.repository.js';

export interface Balance {
  /** What was put in and not taken out again: by a refund, a dispute or the expiry of promotional credit. */
  readonly depositedNanos: bigint;
  readonly availableNanos: bigint;
  readonly leasedNanos: bigint;
  readonly spentNanos: bigint;
}

@Injectable()
export class AccountsRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** False when it was open already. */
  async open(accountId: string): Promise<boolean> {
    const { opened } = await this.ledger.one<{ opened: boolean }>('SELECT open_account($1) AS opened', [accountId]);
    return opened;
  }

  /** All four amounts of one instant: one statement reads them. Null for an unknown account. */
  async balance(accountId: string): Promise<Balance | null> {
    const [row] = await this.ledger.call<{ deposited: string; available: string; leased: string }>(
      `SELECT a.credits - a.debits AS available,
         (SELECT coalesce(sum(d.amount), 0) FROM deposit d WHERE d.owner_id = a.owner_id)
           - (SELECT coalesce(sum(w.amount), 0) FROM withdrawal w WHERE w.owner_id = a.owner_id) AS deposited,
         (SELECT coalesce(sum(la.credits - la.debits), 0) FROM lease l JOIN account la ON la.id = l.account_id
          WHERE l.user_account = a.id AND l.state <> 'closed') AS leased
       FROM account a WHERE a.kind = 'user' AND a.owner_id = $1`,
      [accountId],
    );
    if (!row) return null;
    const [depositedNanos, availableNanos, leasedNanos] = [row.deposited, row.available, row.leased].map(BigInt) as [
      bigint,
      bigint,
      bigint,
    ];
    // What was deposited is there, lent or spent; that the spent part is what usage was charged is the audit's to show.
    return { depositedNanos, availableNanos, leasedNanos, spentNanos: depositedNanos - availableNanos - leasedNanos };
  }
}
