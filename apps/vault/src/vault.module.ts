import { Module, type DynamicModule } from '@nestjs/common';
import { BusModule } from '@switchyard/bus';
import { DatabaseModule } from '@switchyard/database';
import { EntriesController } from './entries/entries.controller.js';
import { EntriesRepository } from './entries/entries.repository.js';
import { ACCOUNT_BYTES, EntriesService } from './entries/entries.service.js';
import { SWEEP_MS, Sweeper } from './entries/sweeper.service.js';
import { ReadinessService } from './health/readiness.service.js';
import { SCHEMA } from './schema.js';

export interface VaultOptions {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  /** Most that an account may keep. */
  readonly accountBytes: number;
  /** From one removal of what is over to the next. */
  readonly sweepMs: number;
}

/** What accounts want to have kept: sealed entries that end by themselves. Nothing in this process can open one. */
@Module({})
export class VaultModule {
  static forRoot({ natsUrl, databaseUrl, accountBytes, sweepMs }: VaultOptions): DynamicModule {
    return {
      module: VaultModule,
      imports: [
        BusModule.forRoot({ servers: natsUrl, name: 'vault' }),
        DatabaseModule.forRoot({ url: databaseUrl, schema: SCHEMA, entities: [], applicationName: 'vault' }),
      ],
      controllers: [EntriesController],
      providers: [
        EntriesRepository,
        EntriesService,
        ReadinessService,
        Sweeper,
        { provide: ACCOUNT_BYTES, useValue: accountBytes },
        { provide: SWEEP_MS, useValue: sweepMs },
      ],
    };
  }
}
