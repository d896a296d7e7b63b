import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { connect, createDataSource, DatabaseModule } from '@switchyard/database';
import type { LedgerOptions } from '../config.js';
import { LEDGER_SCHEMA } from '../migrations/index.js';

/**
 * Usage has connections of its own, so that a rush of grants never keeps money from being captured; so has the audit, which
 * reads for longer than a call may take.
 */
export const USAGE_DATABASE = Symbol('usage database');
export const AUDIT_DATABASE = Symbol('audit database');

type Connected = Awaited<ReturnType<typeof connect>>;

const USAGE_POOL_SIZE = 3;
export const AUDIT_TIMEOUT_MS = 60_000;

@Injectable()
class OwnConnections implements OnApplicationShutdown {
  constructor(
    @Inject(USAGE_DATABASE) private readonly usage: Connected,
    @Inject(AUDIT_DATABASE) private readonly audit: Connected,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.usage.destroy(), this.audit.destroy()]);
  }
}

@Module({})
export class LedgerDatabaseModule {
  static forRoot({ databaseUrl: url, databasePoolSize }: LedgerOptions): DynamicModule {
    const common = { url, schema: LEDGER_SCHEMA, entities: [] };
    return {
      module: LedgerDatabaseModule,
      global: true,
      imports: [DatabaseModule.forRoot({ ...common, poolSize: databasePoolSize, applicationName: 'ledger' })],
      providers: [
        {
          provide: USAGE_DATABASE,
          useFactory: () =>
            connect(createDataSource({ ...common, poolSize: USAGE_POOL_SIZE, applicationName: 'ledger-usage' })),
        },
        {
          provide: AUDIT_DATABASE,
          useFactory: () =>
            connect(
              createDataSource({
                ...common,
                poolSize: 1,
                applicationName: 'ledger-audit',
                statementTimeoutMs: AUDIT_TIMEOUT_MS,
              }),
            ),
        },
        OwnConnections,
      ],
      exports: [USAGE_DATABASE, AUDIT_DATABASE],
    };
  }
}
