import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { EJECTION_TIMES_TOKEN } from './ejection-times.js';
import type { EjectionTimes } from './ejection-times.js';
import { HealthStore, MonotonicClock } from './health.store.js';
import { HealthWatcher } from './health.watcher.js';

@Module({ providers: [MonotonicClock, HealthStore, HealthWatcher], exports: [HealthStore] })
export class HealthModule {}

/** Other times than the defaults, for the one health store that several modules share. */
@Global()
@Module({})
export class HealthSettings {
  static forRoot(times: EjectionTimes): DynamicModule {
    return {
      module: HealthSettings,
      providers: [{ provide: EJECTION_TIMES_TOKEN, useValue: times }],
      exports: [EJECTION_TIMES_TOKEN],
    };
  }
}
