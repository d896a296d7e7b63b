import { Inject, Injectable } from '@nestjs/common';
import type { ReplyOf, RunAudit } from '@switchyard/contracts';
import { rows, transaction } from '@switchyard/database';
import { DataSource } from 'typeorm';
import { AUDIT_DATABASE } from '../database/connections.js';

interface TotalsRow {
  readonly deposited: string;
  readonly available: string;
  readonly leased: string;
  readonly revenue: string;
  readonly house_loss: string;
  readonly trial_balance: string;
}

export interface AuditScope {
  readonly full?: boolean;
}
export interface Check {
  readonly invariant: string;
  readonly count: number;
}

/** How often a broken invariant has to be seen: it stops the lending. */
const LOOKS = 3;

@Injectable()
export class AuditRepository {
  constructor(@Inject(AUDIT_DATABASE) private readonly dataSource: DataSource) {}

  /**
   * Every invariant with the number of places where it does not hold, judged on one snapshot of the books. The full audit derives
   * everything again from the first transfer on; the other one reads the open months and the sums of the sealed ones.
   *
   * What is broken has to be so at each of {@link LOOKS}. A plan may miss the part of a month that was opened a moment ago, while what
   * its first usage did to accounts is seen; that is over with the next look, and nothing that is broken mends itself.
   */
  async checks(scope: AuditScope = {}): Promise<Check[]> {
    let checks = await this.#look(scope);
    for (let look = 1; look < LOOKS && checks.some(({ count }) => count > 0); look += 1) {
      const before = new Map(checks.map(({ invariant, count }) => [invariant, count]));
      checks = (await this.#look(scope)).map((check) =>
        before.get(check.invariant) === 0 ? { ...check, count: 0 } : check,
      );
    }
    return checks;
  }

  async #look({ full = false }: AuditScope): Promise<Check[]> {
    const rows = await this.#read<{ invariant: string; count: string }>(
      `TABLE ${full ? 'audit_full' : 'audit'} UNION ALL SELECT * FROM payments_audit()`,
    );
    return rows.map(({ invariant, count }) => ({ invariant, count: Number(count) }));
  }

  /** The invariants that do not hold. */
  async violations(scope: AuditScope = {}): Promise<Check[]> {
    return (await this.checks(scope)).filter(({ count }) => count > 0);
  }

  async totals(): Promise<ReplyOf<typeof RunAudit>['totals']> {
    const [row] = await this.#read<TotalsRow>('SELECT * FROM totals');
    if (!row) throw new TypeError('the totals have no row');
    return {
      depositedNanos: BigInt(row.deposited),
      availableNanos: BigInt(row.available),
      leasedNanos: BigInt(row.leased),
      revenueNanos: BigInt(row.revenue),
      houseLossNanos: BigInt(row.house_loss),
      trialBalanceNanos: BigInt(row.trial_balance),
    };
  }

  /** One snapshot for planning and for reading, so that hardly a month is opened in between. */
  #read<Row extends object>(sql: string): Promise<Row[]> {
    return transaction(this.dataSource, { idempotent: true, isolation: 'REPEATABLE READ' }, (manager) =>
      rows<Row>(manager, sql),
    );
  }
}
