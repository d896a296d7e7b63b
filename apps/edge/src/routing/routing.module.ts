import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { HealthModule } from '../health/health.module.js';
import { RoutingService } from './routing.service.js';

@Module({ imports: [CatalogueModule, HealthModule], providers: [RoutingService], exports: [RoutingService] })
export class RoutingModule {}
