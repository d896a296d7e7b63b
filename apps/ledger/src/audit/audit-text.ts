import { formatUsd } from '@switchyard/contracts';
import type { Check } from './audit.repository.js';
import type { AuditReport } from './audit-report.repository.js';

/** Everything that the audit command prints. */
export interface AuditFindings {
  readonly full: boolean;
  readonly checks: readonly Check[];
  /** Sums of the books in nano-dollars, by their names. */
  readonly totals: Readonly<Record<string, bigint>>;
  readonly report: AuditReport;
  readonly backlog: Backlog | 'not asked' | 'not reachable';
}

/** How far the ledger has come in the stream of usage. */
export interface Backlog {
  readonly lastSequence: number;
  readonly settledSequence: number;
  readonly waiting: number;
}

const NAME_WIDTH = 22;
const line = (name: string, value: string): string => `${name.padEnd(NAME_WIDTH)} ${value}`;
const oldest = (ms: number | null): string => (ms === null ? '' : `, the oldest ${ms} ms`);

/** As people read it, one fact a line. */
export function auditText({ full, checks, totals, report, backlog }: AuditFindings): string {
  const violated = checks.filter(({ count }) => count > 0);
  return [
    ...checks.map(({ invariant, count }) => `${count === 0 ? 'ok      ' : 'VIOLATED'} ${invariant}: ${count}`),
    '',
    ...Object.entries(totals).map(([name, amount]) => line(name.replace(/Nanos$/, ''), `$${formatUsd(amount)}`)),
    line('open leases', `${report.openLeases}${oldest(report.oldestOpenLeaseMs)}`),
    line('waiting estimates', `${report.waitingEstimates}${oldest(report.oldestWaitingEstimateMs)}`),
    line('quarantined', String(report.quarantined)),
    line('above their bound', `${report.boundViolations}, borne by the house: $${formatUsd(report.overBoundNanos)}`),
    line('months', `open from ${report.openFrom}, ${report.sealedMonths} sealed${full ? ' and read as well' : ''}`),
    line(
      'stream of usage',
      typeof backlog === 'string'
        ? backlog
        : `${backlog.waiting} waiting, booked up to ${backlog.settledSequence} of ${backlog.lastSequence}`,
    ),
    '',
    violated.length === 0 ? 'every invariant holds' : `${violated.length} invariants do not hold`,
  ].join('\n');
}

/** The same for programs; amounts are decimal text. */
export const auditJson = (findings: AuditFindings): string =>
  JSON.stringify(findings, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2);
