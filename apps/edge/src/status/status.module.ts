import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { HealthModule } from '../health/health.module.js';
import { HistoryStore } from './history.store.js';
import { HistoryWatcher } from './history.watcher.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';

@Module({
  imports: [CatalogueModule, HealthModule],
  controllers: [StatusController],
  providers: [HistoryStore, HistoryWatcher, StatusService],
})
export class StatusModule {}
