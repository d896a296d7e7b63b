import { Injectable } from '@nestjs/common';
import type { GetKeySpend, ReplyOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

type Window = 'total' | 'daily' | 'weekly' | 'monthly';
type SpendRow = { readonly key_id: string } & Readonly<Record<Window | `own_${Window}`, string>>;

const SINCE: Readonly<Record<Window, string>> = {
  total: `'-infinity'::date`,
  daily: 'w.day',
  weekly: 'w.week',
  monthly: 'w.month',
};

/** The sums of a column over every window, named with the prefix. */
const sums = (column: string, prefix: string) =>
  Object.entries(SINCE)
    .map(([window, since]) => `coalesce(sum(k.${column}) FILTER (WHERE k.day >= ${since}), 0) AS ${prefix}${window}`)
    .join(', ');

const amountsOf = (row: SpendRow | undefined, prefix: '' | 'own_') => ({
  totalNanos: BigInt(row?.[`${prefix}total`] ?? 0),
  dailyNanos: BigInt(row?.[`${prefix}daily`] ?? 0),
  weeklyNanos: BigInt(row?.[`${prefix}weekly`] ?? 0),
  monthlyNanos: BigInt(row?.[`${prefix}monthly`] ?? 0),
});

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
       SELECT k.key_id, ${sums('charged', '')}, ${sums('own_key_cost', 'own_')}
       FROM key_spend k CROSS JOIN windows w WHERE k.key_id = ANY ($1::uuid[]) GROUP BY k.key_id`,
      [keyIds],
    );
    const byKey = new Map(found.map((row) => [row.key_id, row]));
    return keyIds.map((keyId) => {
      const row = byKey.get(keyId.toLowerCase());
      return { keyId, ...amountsOf(row, ''), ownKey: amountsOf(row, 'own_') };
    });
  }
}
