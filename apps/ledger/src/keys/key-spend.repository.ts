import { Injectable } from '@nestjs/common';
import type { GetKeySpend, ReplyOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface SpendRow {
  readonly key_id: string;
  readonly total: string;
  readonly daily: string;
  readonly weekly: string;
  readonly monthly: string;
}

@Injectable()
export class KeySpendRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** In the order asked; keys that never spent have zeros. Windows are UTC, weeks start on Monday. */
  async spendOf(keyIds: readonly string[]): Promise<ReplyOf<typeof GetKeySpend>['spend']> {
    const found = await this.ledger.call<SpendRow>(
      `WITH windows AS (
         SELECT (window_start('daily', at) AT TIME ZONE 'UTC')::date AS day,
           (window_start('weekly', at) AT TIME ZONE 'UTC')::date AS week,
           (window_start('monthly', at) AT TIME ZONE 'UTC')::date AS month FROM clock() AS at)
       SELECT k.key_id, sum(k.charged) AS total,
         coalesce(sum(k.charged) FILTER (WHERE k.day >= w.day), 0) AS daily,
         coalesce(sum(k.charged) FILTER (WHERE k.day >= w.week), 0) AS weekly,
         coalesce(sum(k.charged) FILTER (WHERE k.day >= w.month), 0) AS monthly
       FROM key_spend k CROSS JOIN windows w WHERE k.key_id = ANY ($1::uuid[]) GROUP BY k.key_id`,
      [keyIds],
    );
    const byKey = new Map(found.map((row) => [row.key_id, row]));
    return keyIds.map((keyId) => {
      const row = byKey.get(keyId.toLowerCase());
      return {
        keyId,
        totalNanos: BigInt(row?.total ?? 0),
        dailyNanos: BigInt(row?.daily ?? 0),
        weeklyNanos: BigInt(row?.weekly ?? 0),
        monthlyNanos: BigInt(row?.monthly ?? 0),
      };
    });
  }
}
