import { Injectable } from '@nestjs/common';
import { GatewayError, type FreeQuota } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';
import type { FreeLimits } from './free-limits.js';

export interface Tranche {
  readonly granted: number;
  readonly validMs: number;
  readonly limitedBy: 'minute' | 'day' | null;
}

interface QuotaRow {
  readonly minute_used: string;
  readonly day_used: string;
  readonly minute_ends: Date;
  readonly day_ends: Date;
  readonly bought: string;
}

@Injectable()
export class QuotaRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** @throws GatewayError `not_found` for an unknown account, `conflict` for another account's tranche */
  async take(trancheId: string, accountId: string, want: number, limits: FreeLimits): Promise<Tranche> {
    const row = await this.ledger.one<{ granted: string; valid_ms: string; limited_by: 'minute' | 'day' | null }>(
      'SELECT * FROM take_free($1, $2, $3, $4, $5, $6, $7)',
      [trancheId, accountId, want, limits.perMinute, limits.perDay, limits.perDayAbove, limits.thresholdNanos],
    );
    return { granted: Number(row.granted), validMs: Number(row.valid_ms), limitedBy: row.limited_by };
  }

  /** How many of the unused ones were given back; the same again when it is told twice. */
  async giveBack(trancheId: string, unused: number): Promise<number> {
    const { returned } = await this.ledger.one<{ returned: string }>('SELECT return_free($1, $2) AS returned', [
      trancheId,
      unused,
    ]);
    return Number(returned);
  }

  /** @throws GatewayError `not_found` for an unknown account */
  async quota(accountId: string, limits: FreeLimits): Promise<FreeQuota> {
    const [row] = await this.ledger.call<QuotaRow>(
      `WITH now AS (SELECT window_start('daily', at) AS day, date_trunc('minute', at, 'UTC') AS minute FROM clock() AS at)
       SELECT coalesce(q.minute_used, 0) AS minute_used, coalesce(d.day_used, 0) AS day_used,
         greatest(now.minute, q.minute_start) + interval '1 minute' AS minute_ends,
         greatest(now.day, d.day_start) + interval '24 hours' AS day_ends,
         ever_bought(a.owner_id) AS bought
       FROM account a CROSS JOIN now
         LEFT JOIN free_quota q ON q.owner_id = a.owner_id AND q.minute_start >= now.minute
         LEFT JOIN free_quota d ON d.owner_id = a.owner_id AND d.day_start >= now.day
       WHERE a.kind = 'user' AND a.owner_id = $1`,
      [accountId],
    );
    if (!row) throw new GatewayError('not_found', { message: 'The account does not exist.' });
    const boughtNanos = BigInt(row.bought);
    return {
      minute: { limit: limits.perMinute, used: Number(row.minute_used), resetsAt: row.minute_ends.toISOString() },
      day: {
        limit: boughtNanos >= limits.thresholdNanos ? limits.perDayAbove : limits.perDay,
        used: Number(row.day_used),
        resetsAt: row.day_ends.toISOString(),
      },
      boughtNanos,
      thresholdNanos: limits.thresholdNanos,
      dayLimitAbove: limits.perDayAbove,
    };
  }
}
