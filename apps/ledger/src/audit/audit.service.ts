import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ReplyOf, RunAudit } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { Repeater } from '../repeater.js';
import { AuditRepository } from './audit.repository.js';
import { LendingGate } from './lending-gate.js';

/** Derives the books again every minute, and stops lending when they do not add up. */
@Injectable()
export class AuditService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeater: Repeater;

  constructor(
    private readonly audits: AuditRepository,
    private readonly gate: LendingGate,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    this.#repeater = new Repeater('audit', () => this.check());
  }

  onApplicationBootstrap(): void {
    this.#repeater.start(this.options.auditIntervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  async run(): Promise<ReplyOf<typeof RunAudit>> {
    const violations = await this.check();
    return { violations, ...(await this.audits.openLeases()), totals: await this.audits.totals() };
  }

  async check(): Promise<ReplyOf<typeof RunAudit>['violations']> {
    const violations = await this.audits.violations();
    instruments.ledgerAuditViolations.record(violations.length);
    this.gate.report(violations.length);
    return violations;
  }
}
