import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BusModule } from '@switchyard/bus';
import { Roster } from './catalogue/roster.js';
import { RosterWatcher } from './catalogue/roster.watcher.js';
import { Clock } from './clock.js';
import { fleetProvider } from './fleet/fleet.provider.js';
import { ProberService } from './prober.service.js';
import { HealthPublisher } from './publish/health.publisher.js';

@Module({})
export class ProberModule {
  static forRoot({ natsUrl }: { readonly natsUrl: string }): DynamicModule {
    return {
      module: ProberModule,
      imports: [BusModule.forRoot({ servers: natsUrl, name: 'prober' })],
      providers: [Clock, Roster, RosterWatcher, fleetProvider, HealthPublisher, ProberService],
    };
  }
}
