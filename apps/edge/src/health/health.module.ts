import { Module } from '@nestjs/common';
import { HealthStore, MonotonicClock } from './health.store.js';
import { HealthWatcher } from './health.watcher.js';

@Module({ providers: [MonotonicClock, HealthStore, HealthWatcher], exports: [HealthStore] })
export class HealthModule {}
