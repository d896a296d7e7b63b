import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BusModule, StreamClientModule } from '@switchyard/bus';
import { Roster } from './catalogue/roster.js';
import { RosterWatcher } from './catalogue/roster.watcher.js';
import { Clock } from './clock.js';
import { EJECTION_TIMES } from './ejection/limits.js';
import { fleetProvider } from './fleet/fleet.provider.js';
import { ProberService } from './prober.service.js';
import { ProbesService } from './probes/probes.service.js';
import { HealthPublisher } from './publish/health.publisher.js';
import { PROBER_SETTINGS } from './settings.js';
import type { ProberSettings } from './settings.js';
import { StateStore } from './state/state.store.js';

const DEFAULTS: ProberSettings = {
  ejection: EJECTION_TIMES,
  activeProbes: false,
  probeIntervalMs: 30_000,
  instance: 'prober',
};

@Module({})
export class ProberModule {
  static forRoot({
    natsUrl,
    settings,
  }: {
    readonly natsUrl: string;
    readonly settings?: ProberSettings;
  }): DynamicModule {
    const used = settings ?? DEFAULTS;
    return {
      module: ProberModule,
      imports: [
        BusModule.forRoot({ servers: natsUrl, name: 'prober' }),
        ...(used.activeProbes
          ? [StreamClientModule.forRoot({ servers: natsUrl, edgeId: used.instance, connections: 1 })]
          : []),
      ],
      providers: [
        { provide: PROBER_SETTINGS, useValue: used },
        Clock,
        Roster,
        RosterWatcher,
        fleetProvider,
        HealthPublisher,
        StateStore,
        ProbesService,
        ProberService,
      ],
    };
  }
}
