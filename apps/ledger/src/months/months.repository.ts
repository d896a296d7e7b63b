import { Inject, Injectable } from '@nestjs/common';
import { query } from '@switchyard/database';
import { DataSource } from 'typeorm';
import { AUDIT_DATABASE } from '../database/connections.js';

/** On the connection of the audit: to seal a month takes about as long as to audit it. */
@Injectable()
export class MonthsRepository {
  constructor(@Inject(AUDIT_DATABASE) private readonly dataSource: DataSource) {}

  /** Makes the partitions of this month and the next two. */
  async openComing(): Promise<void> {
    await query(this.dataSource, { idempotent: true }, 'SELECT open_coming_months()');
  }

  /** Seals the first month that is not; answers it as `2026-11-01`, or null when it is not time for it. */
  async sealNext(): Promise<string | null> {
    const [row] = await query<{ sealed: string | null }>(
      this.dataSource,
      { idempotent: true },
      'SELECT seal_next_month()::text AS sealed',
    );
    return row?.sealed ?? null;
  }
}
