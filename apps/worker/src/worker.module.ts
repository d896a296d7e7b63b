import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BusModule, StreamStrategy } from '@switchyard/bus';
import { AttemptsController } from './attempts/attempts.controller.js';
import { AttemptsService } from './attempts/attempts.service.js';
import { OutcomeReporter } from './attempts/outcome.reporter.js';
import { ServedAttempts } from './attempts/served-attempts.js';
import { KeyRing } from './authorization/key-ring.js';
import { WORKER_CONFIG } from './config.js';
import type { WorkerConfig } from './config.js';
import { DrainSlots } from './upstream/drain-slots.js';
import { UpstreamClient } from './upstream/upstream.client.js';
import { UsageReporter } from './usage/usage.reporter.js';
import { WorkerLifecycle } from './worker-lifecycle.js';

/** One provider's worker. */
@Module({})
export class WorkerModule {
  static forRoot(config: WorkerConfig): DynamicModule {
    const { natsUrl: servers, provider, capacity } = config;
    return {
      module: WorkerModule,
      imports: [BusModule.forRoot({ servers, name: `worker-${provider.id}` })],
      controllers: [AttemptsController],
      providers: [
        { provide: WORKER_CONFIG, useValue: config },
        { provide: StreamStrategy, useFactory: () => new StreamStrategy({ servers, provider: provider.id, capacity }) },
        AttemptsService,
        OutcomeReporter,
        ServedAttempts,
        DrainSlots,
        KeyRing,
        UpstreamClient,
        UsageReporter,
        WorkerLifecycle,
      ],
    };
  }
}
