import { Injectable } from '@nestjs/common';
import { LedgerRepository } from '../database/ledger.repository.js';

export interface OutboxEntry {
  readonly id: string;
  readonly messageId: string;
  readonly subject: string;
  /** In the form of the wire. */
  readonly payload: unknown;
}

interface OutboxRow {
  readonly id: string;
  readonly message_id: string;
  readonly subject: string;
  readonly payload: unknown;
}

@Injectable()
export class OutboxRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** The oldest entries that nobody has told yet. */
  async pending(limit: number): Promise<OutboxEntry[]> {
    const rows = await this.ledger.call<OutboxRow>(
      'SELECT id, message_id, subject, payload FROM outbox ORDER BY id LIMIT $1',
      [limit],
    );
    return rows.map(({ id, message_id: messageId, subject, payload }) => ({ id, messageId, subject, payload }));
  }

  async forget(entries: readonly OutboxEntry[]): Promise<void> {
    await this.ledger.call('SELECT outbox_sent($1)', [entries.map(({ id }) => id)]);
  }
}
