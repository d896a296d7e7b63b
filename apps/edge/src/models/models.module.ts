import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { HealthModule } from '../health/health.module.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';

@Module({ imports: [CatalogueModule, HealthModule], controllers: [ModelsController], providers: [ModelsService] })
export class ModelsModule {}
