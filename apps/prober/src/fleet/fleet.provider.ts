import type { FactoryProvider } from '@nestjs/common';
import { Roster } from '../catalogue/roster.js';
import { PROBER_SETTINGS } from '../settings.js';
import type { ProberSettings } from '../settings.js';
import { Fleet } from './fleet.js';

export const fleetProvider: FactoryProvider<Fleet> = {
  provide: Fleet,
  useFactory: (roster: Roster, { ejection }: ProberSettings) =>
    new Fleet((modelId) => roster.endpointsOf(modelId), ejection),
  inject: [Roster, PROBER_SETTINGS],
};
