import type { FactoryProvider } from '@nestjs/common';
import { Roster } from '../catalogue/roster.js';
import { Fleet } from './fleet.js';

export const fleetProvider: FactoryProvider<Fleet> = {
  provide: Fleet,
  useFactory: (roster: Roster) => new Fleet((modelId) => roster.endpointsOf(modelId)),
  inject: [Roster],
};
