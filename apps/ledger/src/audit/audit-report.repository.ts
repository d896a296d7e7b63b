import { Injectable } from '@nestjs/common';
import { query } from '@switchyard/database';
import { DataSource } from 'typeorm';

/** What people want to know beside the invariants: how far the books lag, and what the house bore. */
export interface AuditReport {
  readonly openLeases: number;
  readonly oldestOpenLeaseMs: number | null;
  /** Estimates that wait for the real usage. */
  readonly waitingEstimates: number;
  readonly oldestWaitingEstimateMs: number | null;
  readonly quarantined: number;
  /** Generations of the open months that cost more than their bound, and what the house bore of that. */
  readonly boundViolations: number;
  readonly overBoundNanos: bigint;
  /** The first month that is not sealed, as `2026-11-01`. */
  readonly openFrom: string;
  readonly sealedMonths: number;
}

interface ReportRow {
  readonly leases: string;
  readonly oldest_lease_ms: string | null;
  readonly estimates: string;
  readonly oldest_estimate_ms: string | null;
  readonly quarantined: string;
  readonly bound_violations: string;
  readonly over_bound: string;
  readonly open_from: string;
  readonly sealed_months: string;
}

const REPORT = `
  SELECT l.leases, l.oldest_lease_ms, p.estimates, p.oldest_estimate_ms, q.quarantined, b.bound_violations, b.over_bound,
    open_from()::text AS open_from, (SELECT count(DISTINCT month) FROM sealed_sum) AS sealed_months
  FROM (SELECT count(*) AS leases, extract(epoch FROM clock() - min(opened_at)) * 1000 AS oldest_lease_ms
        FROM lease WHERE state <> 'closed') l,
    (SELECT count(*) AS estimates, extract(epoch FROM clock() - min(received_at)) * 1000 AS oldest_estimate_ms FROM usage_pending) p,
    (SELECT count(*) AS quarantined FROM quarantine WHERE state = 'open') q,
    (SELECT count(*) AS bound_violations, coalesce(sum(due_nanos(cost_pico, own_key_ppm) - bound), 0)::numeric(38, 0) AS over_bound
     FROM usage_settled WHERE month >= (SELECT open_from()) AND outcome IN ('final', 'estimate')
       AND due_nanos(cost_pico, own_key_ppm) > bound) b`;

const milliseconds = (text: string | null): number | null => (text === null ? null : Math.round(Number(text)));

@Injectable()
export class AuditReportRepository {
  constructor(private readonly dataSource: DataSource) {}

  async read(): Promise<AuditReport> {
    const [row] = await query<ReportRow>(this.dataSource, { idempotent: true }, REPORT);
    if (!row) throw new TypeError('the report has no row');
    return {
      openLeases: Number(row.leases),
      oldestOpenLeaseMs: milliseconds(row.oldest_lease_ms),
      waitingEstimates: Number(row.estimates),
      oldestWaitingEstimateMs: milliseconds(row.oldest_estimate_ms),
      quarantined: Number(row.quarantined),
      boundViolations: Number(row.bound_violations),
      overBoundNanos: BigInt(row.over_bound),
      openFrom: row.open_from,
      sealedMonths: Number(row.sealed_months),
    };
  }
}
