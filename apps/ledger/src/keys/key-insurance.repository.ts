import { Injectable } from '@nestjs/common';
import type { GetKeyInsurance, ReplyOf, RequestOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface InsuranceRow {
  readonly key_id: string;
  readonly generations: string;
  readonly insured: string;
  readonly insured_cost: string;
}

/** A key is looked at from so many insured generations a day on (an index knows the number), if they are at least half of all. */
const MANY_INSURED = 20;

@Injectable()
export class KeyInsuranceRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** In the order asked; keys without generations have zeros. The days are UTC, and today is the last of them. */
  async insuranceOf({
    keyIds,
    days,
  }: RequestOf<typeof GetKeyInsurance>): Promise<ReplyOf<typeof GetKeyInsurance>['keys']> {
    const found = await this.ledger.call<InsuranceRow>(
      `SELECT key_id, sum(generations) AS generations, sum(insured) AS insured, sum(insured_cost) AS insured_cost
       FROM key_spend WHERE key_id = ANY ($1::uuid[]) AND day > (clock() AT TIME ZONE 'UTC')::date - $2::int GROUP BY key_id`,
      [keyIds, days],
    );
    const byKey = new Map(found.map((row) => [row.key_id, row]));
    return keyIds.map((keyId) => {
      const row = byKey.get(keyId.toLowerCase());
      return {
        keyId,
        generations: Number(row?.generations ?? 0),
        insured: Number(row?.insured ?? 0),
        insuredCostNanos: BigInt(row?.insured_cost ?? 0),
      };
    });
  }

  /** Keys of which many generations of today, and at least half, came to nothing. */
  async conspicuous(): Promise<number> {
    const { keys } = await this.ledger.one<{ keys: string }>(
      `SELECT count(*) AS keys FROM key_spend
       WHERE day = (clock() AT TIME ZONE 'UTC')::date AND insured >= ${MANY_INSURED} AND insured * 2 >= generations`,
    );
    return Number(keys);
  }
}
