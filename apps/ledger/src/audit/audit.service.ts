import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { JetStreamReader } from '@switchyard/bus';
import { USAGE_STREAM, type ReplyOf, type RunAudit } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { Repeater } from '../repeater.js';
import { AuditReportRepository } from './audit-report.repository.js';
import { AuditRepository, type AuditScope } from './audit.repository.js';
import { LendingGate } from './lending-gate.js';

const USAGE_CONSUMER = 'ledger';

/** Derives the open months of the books again every minute, all of them once a day, and stops lending when they do not add up. */
@Injectable()
export class AuditService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeater: Repeater;
  #fullDueAt: number;

  constructor(
    private readonly audits: AuditRepository,
    private readonly reports: AuditReportRepository,
    private readonly stream: JetStreamReader,
    private readonly gate: LendingGate,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#repeater = new Repeater('audit', () => this.#turn());
    this.#fullDueAt = performance.now() + options.fullAuditIntervalMs;
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(this.options.auditIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  async run(): Promise<ReplyOf<typeof RunAudit>> {
    const violations = await this.check();
    const report = await this.reports.read();
    return {
      violations,
      openLeases: report.openLeases,
      oldestOpenLeaseMs: report.oldestOpenLeaseMs,
      quarantined: report.quarantined,
      waitingEstimates: report.waitingEstimates,
      oldestWaitingEstimateMs: report.oldestWaitingEstimateMs,
      boundViolations: report.boundViolations,
      overBoundNanos: report.overBoundNanos,
      backlog: await this.#backlog(),
      totals: await this.audits.totals(),
    };
  }

  /** The books can be judged without it. */
  async #backlog(): Promise<ReplyOf<typeof RunAudit>['backlog']> {
    return this.stream.backlog(USAGE_STREAM, USAGE_CONSUMER).catch(() => null);
  }

  /** @throws what the database says, and then the gate stays as the last audit left it. */
  async check(scope: AuditScope = {}): Promise<ReplyOf<typeof RunAudit>['violations']> {
    const violations = await this.audits.violations(scope);
    instruments.ledgerAuditViolations.record(violations.length);
    this.gate.report(violations);
    return violations;
  }

  /** Now and then everything is derived again, which takes longer the older the books are. */
  async #turn(): Promise<void> {
    const full = performance.now() >= this.#fullDueAt;
    if (full) this.#fullDueAt = performance.now() + this.options.fullAuditIntervalMs;
    await this.check({ full });
  }
}
