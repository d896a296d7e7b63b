import { Module, type DynamicModule } from '@nestjs/common';
import { BusModule } from '@switchyard/bus';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsRepository } from './accounts/accounts.repository.js';
import { AccountsService } from './accounts/accounts.service.js';
import { ActivityController } from './activity/activity.controller.js';
import { ActivityRepository } from './activity/activity.repository.js';
import { ActivityService } from './activity/activity.service.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditReportRepository } from './audit/audit-report.repository.js';
import { AuditRepository } from './audit/audit.repository.js';
import { AuditService } from './audit/audit.service.js';
import { LendingGate } from './audit/lending-gate.js';
import { BudgetSpendController } from './budgets/budget-spend.controller.js';
import { BudgetSpendRepository } from './budgets/budget-spend.repository.js';
import { BudgetSpendService } from './budgets/budget-spend.service.js';
import { LEDGER_OPTIONS, type LedgerOptions } from './config.js';
import { LedgerDatabaseModule } from './database/connections.js';
import { DatabaseHealth } from './database/database-health.js';
import { LedgerRepository } from './database/ledger.repository.js';
import { GenerationsConsumer } from './generations/generations.consumer.js';
import { GenerationsController } from './generations/generations.controller.js';
import { GenerationsRepository } from './generations/generations.repository.js';
import { GenerationsService } from './generations/generations.service.js';
import { KeySpendController } from './keys/key-spend.controller.js';
import { KeySpendRepository } from './keys/key-spend.repository.js';
import { KeySpendService } from './keys/key-spend.service.js';
import { IdempotencyController } from './idempotency/idempotency.controller.js';
import { IdempotencyRepository } from './idempotency/idempotency.repository.js';
import { IdempotencyService } from './idempotency/idempotency.service.js';
import { IdempotencySweeper } from './idempotency/idempotency-sweeper.js';
import { LeaseSweeper } from './leases/lease-sweeper.js';
import { LeasesController } from './leases/leases.controller.js';
import { LeasesRepository } from './leases/leases.repository.js';
import { LeasesService } from './leases/leases.service.js';
import { RecallsRepository } from './leases/recalls.repository.js';
import { Recalls } from './leases/recalls.service.js';
import { PAYMENT_CONTROLLERS, PAYMENT_PROVIDERS } from './payments/index.js';
import { MonthKeeper } from './months/month-keeper.js';
import { MonthsRepository } from './months/months.repository.js';
import { QuotaController } from './quota/quota.controller.js';
import { QuotaRepository } from './quota/quota.repository.js';
import { QuotaService } from './quota/quota.service.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { QuarantineRepository } from './quarantine/quarantine.repository.js';
import { QuarantineService } from './quarantine/quarantine.service.js';
import { InsuranceWatch } from './keys/insurance-watch.js';
import { KeyInsuranceController } from './keys/key-insurance.controller.js';
import { KeyInsuranceRepository } from './keys/key-insurance.repository.js';
import { EstimateSweeper } from './usage/estimate-sweeper.js';
import { UsageConsumer } from './usage/usage.consumer.js';
import { UsageRepository } from './usage/usage.repository.js';
import { UsageService } from './usage/usage.service.js';

@Module({})
export class LedgerModule {
  static forRoot(options: LedgerOptions): DynamicModule {
    return {
      module: LedgerModule,
      imports: [LedgerDatabaseModule.forRoot(options), BusModule.forRoot({ servers: options.natsUrl, name: 'ledger' })],
      controllers: [
        AccountsController,
        ActivityController,
        AuditController,
        BudgetSpendController,
        ...PAYMENT_CONTROLLERS,
        GenerationsController,
        IdempotencyController,
        KeySpendController,
        LeasesController,
        KeyInsuranceController,
        QuarantineController,
        QuotaController,
        ReconciliationController,
      ],
      providers: [
        { provide: LEDGER_OPTIONS, useValue: options },
        LedgerRepository,
        ...PAYMENT_PROVIDERS,
        DatabaseHealth,
        BudgetSpendRepository,
        BudgetSpendService,
        QuotaRepository,
        QuotaService,
        AccountsRepository,
        AccountsService,
        ActivityRepository,
        ActivityService,
        AuditReportRepository,
        AuditRepository,
        AuditService,
        LendingGate,
        GenerationsConsumer,
        GenerationsRepository,
        GenerationsService,
        IdempotencyRepository,
        IdempotencyService,
        IdempotencySweeper,
        KeySpendRepository,
        KeySpendService,
        LeaseSweeper,
        MonthKeeper,
        MonthsRepository,
        LeasesRepository,
        LeasesService,
        RecallsRepository,
        Recalls,
        ReconciliationService,
        QuarantineRepository,
        QuarantineService,
        InsuranceWatch,
        KeyInsuranceRepository,
        EstimateSweeper,
        UsageConsumer,
        UsageRepository,
        UsageService,
      ],
    };
  }
}
