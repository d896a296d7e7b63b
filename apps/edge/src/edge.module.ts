import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { BusModule, StreamClientModule } from '@switchyard/bus';
import { ActivityController } from './activity/activity.controller.js';
import { ActivityService } from './activity/activity.service.js';
import { AccountService } from './account/account.service.js';
import { AuditController } from './account/audit.controller.js';
import { CreditsController, CurrentKeyController } from './account/account.controller.js';
import { BudgetsController } from './account/budgets.controller.js';
import { BudgetsService } from './account/budgets.service.js';
import { KeysController } from './account/keys.controller.js';
import { WorkspacesController } from './account/workspaces.controller.js';
import { Guard } from './callers/guard.service.js';
import { KeyChanges } from './callers/key-changes.service.js';
import { KeyResolver } from './callers/key-resolver.service.js';
import { KeyUses } from './callers/key-uses.service.js';
import { CatalogueModule } from './catalogue/catalogue.module.js';
import { Admission } from './completions/admission.service.js';
import { AnswerService } from './completions/answer.service.js';
import { AttemptCaller } from './completions/attempt-caller.service.js';
import { Attempts } from './completions/attempts.service.js';
import { CompletionsController } from './completions/completions.controller.js';
import { CompletionsService } from './completions/completions.service.js';
import { Continuations } from './completions/continuations.service.js';
import { Entrance } from './completions/entrance.service.js';
import { RequestPlans } from './completions/request-plans.service.js';
import { TokenCounts } from './completions/token-counts.service.js';
import { GeminiController } from './completions/gemini.controller.js';
import { EdgeConfig, edgeIdOf } from './config.js';
import { CreditKeeper } from './credit/credit-keeper.service.js';
import { CreditService } from './credit/credit.service.js';
import { LedgerLender } from './credit/ledger-lender.service.js';
import { Lender } from './credit/lender.js';
import { SecondWitness } from './credit/second-witness.service.js';
import { EXPLAIN_CONTROLLERS, EXPLAIN_PROVIDERS } from './explain/index.js';
import { GenerationsController } from './generations/generations.controller.js';
import { GenerationsService } from './generations/generations.service.js';
import { ejectionTimesOf } from './health/ejection-times.js';
import { HealthModule, HealthSettings } from './health/health.module.js';
import { ErrorFilter } from './http/error.filter.js';
import { Idempotency } from './idempotency/idempotency.service.js';
import { JOBS_CONTROLLERS, JOBS_PROVIDERS } from './jobs/index.js';
import { FreeLedger } from './limits/free-ledger.js';
import { FreeModels } from './limits/free-models.service.js';
import { LedgerQuotas } from './limits/ledger-quotas.service.js';
import { ModelsModule } from './models/models.module.js';
import { PAYMENT_CONTROLLERS, PAYMENT_PROVIDERS } from './payments/index.js';
import { EdgeDrain } from './process/edge-drain.service.js';
import { EdgeProcess } from './process/edge-process.js';
import { LoadService } from './process/load.service.js';
import { Outbox } from './process/outbox.service.js';
import { Succession } from './process/succession.service.js';
import { TicketOffice } from './process/ticket-office.service.js';
import { QuarantineController } from './operator/quarantine.controller.js';
import { ReconciliationController } from './operator/reconciliation.controller.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { Receipts } from './receipts/receipts.service.js';
import { CacheReplay } from './response-cache/cache-replay.service.js';
import { ResponseCache } from './response-cache/response-cache.service.js';
import { PinWriter } from './stickiness/pin-writer.service.js';
import { Stickiness } from './stickiness/stickiness.service.js';
import { RoutingModule } from './routing/routing.module.js';
import { StatusModule } from './status/status.module.js';
import { ResponsesController } from './stored-responses/responses.controller.js';
import { StoredResponses } from './stored-responses/stored-responses.service.js';
import { StorageController } from './vault/storage.controller.js';
import { VaultService } from './vault/vault.service.js';

@Module({})
export class EdgeModule {
  static forRoot(config: EdgeConfig): DynamicModule {
    const edge = new EdgeProcess(edgeIdOf(config));
    const streams = {
      servers: config.NATS_URL,
      edgeId: edge.edgeId,
      connections: config.DATA_CONNECTIONS,
      maxLagMs: config.MAX_LOOP_LAG_MS,
    };
    return {
      module: EdgeModule,
      imports: [
        BusModule.forRoot({ servers: config.NATS_URL, name: 'edge' }),
        StreamClientModule.forRoot(streams),
        CatalogueModule,
        HealthSettings.forRoot(ejectionTimesOf(config)),
        HealthModule,
        RoutingModule,
        ModelsModule,
        StatusModule,
      ],
      controllers: [
        ActivityController,
        AuditController,
        CompletionsController,
        ...EXPLAIN_CONTROLLERS,
        ...JOBS_CONTROLLERS,
        GeminiController,
        GenerationsController,
        CurrentKeyController,
        CreditsController,
        ...PAYMENT_CONTROLLERS,
        KeysController,
        BudgetsController,
        WorkspacesController,
        QuarantineController,
        ReceiptsController,
        ReconciliationController,
        ResponsesController,
        StorageController,
      ],
      providers: [
        ActivityService,
        { provide: EdgeConfig, useValue: config },
        { provide: EdgeProcess, useValue: edge },
        { provide: Lender, useClass: LedgerLender },
        { provide: FreeLedger, useClass: LedgerQuotas },
        { provide: APP_FILTER, useClass: ErrorFilter },
        AccountService,
        ...PAYMENT_PROVIDERS,
        BudgetsService,
        Admission,
        AnswerService,
        AttemptCaller,
        Attempts,
        CacheReplay,
        CompletionsService,
        ...EXPLAIN_PROVIDERS,
        Continuations,
        ...JOBS_PROVIDERS,
        CreditKeeper,
        CreditService,
        EdgeDrain,
        Entrance,
        FreeModels,
        GenerationsService,
        Guard,
        Idempotency,
        KeyChanges,
        KeyResolver,
        KeyUses,
        LoadService,
        Outbox,
        PinWriter,
        Stickiness,
        Receipts,
        RequestPlans,
        ResponseCache,
        SecondWitness,
        StoredResponses,
        Succession,
        TicketOffice,
        TokenCounts,
        VaultService,
      ],
    };
  }
}
