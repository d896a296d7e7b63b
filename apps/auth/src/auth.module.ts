import { Module, type DynamicModule } from '@nestjs/common';
import { BusModule } from '@switchyard/bus';
import { DatabaseModule } from '@switchyard/database';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsRepository } from './accounts/accounts.repository.js';
import { AccountsService } from './accounts/accounts.service.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { BudgetsRepository } from './budgets/budgets.repository.js';
import { BudgetsService } from './budgets/budgets.service.js';
import { ChangesRepository } from './changes/changes.repository.js';
import { KeyChangeRelay } from './changes/key-change-relay.js';
import { ReadinessService } from './health/readiness.service.js';
import { KeysController } from './keys/keys.controller.js';
import { KeysRepository } from './keys/keys.repository.js';
import { KeysService } from './keys/keys.service.js';
import { KEY_PEPPER } from './keys/pepper.js';
import { ENTITIES, SCHEMA } from './schema.js';
import { WorkspacesController } from './workspaces/workspaces.controller.js';
import { WorkspacesRepository } from './workspaces/workspaces.repository.js';
import { WorkspacesService } from './workspaces/workspaces.service.js';

export interface AuthOptions {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly pepper: string;
}

/** Who a key is and what it may do: accounts, workspaces, API keys and management keys. */
@Module({})
export class AuthModule {
  static forRoot({ natsUrl, databaseUrl, pepper }: AuthOptions): DynamicModule {
    return {
      module: AuthModule,
      imports: [
        BusModule.forRoot({ servers: natsUrl, name: 'auth' }),
        DatabaseModule.forRoot({ url: databaseUrl, schema: SCHEMA, entities: ENTITIES, applicationName: 'auth' }),
      ],
      controllers: [AccountsController, BudgetsController, KeysController, WorkspacesController],
      providers: [
        AccountsRepository,
        AccountsService,
        BudgetsRepository,
        BudgetsService,
        ChangesRepository,
        KeyChangeRelay,
        KeysRepository,
        KeysService,
        ReadinessService,
        WorkspacesRepository,
        WorkspacesService,
        { provide: KEY_PEPPER, useValue: pepper },
      ],
    };
  }
}
