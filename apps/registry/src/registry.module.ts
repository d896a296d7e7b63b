import { Module, type DynamicModule } from '@nestjs/common';
import { BusModule } from '@switchyard/bus';
import { DatabaseModule } from '@switchyard/database';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueRepository } from './catalogue/catalogue.repository.js';
import { CatalogueService } from './catalogue/catalogue.service.js';
import { DistributionRepository } from './distribution/distribution.repository.js';
import { DistributorService } from './distribution/distributor.service.js';
import { ReadinessService } from './health/readiness.service.js';
import { ENTITIES, SCHEMA } from './schema.js';

export interface RegistryOptions {
  readonly natsUrl: string;
  readonly databaseUrl: string;
}

/** Models, endpoints and prices: the one owner of the catalogue that every edge holds in memory. */
@Module({})
export class RegistryModule {
  static forRoot({ natsUrl, databaseUrl }: RegistryOptions): DynamicModule {
    return {
      module: RegistryModule,
      imports: [
        BusModule.forRoot({ servers: natsUrl, name: 'registry' }),
        DatabaseModule.forRoot({ url: databaseUrl, schema: SCHEMA, entities: ENTITIES, applicationName: 'registry' }),
      ],
      controllers: [CatalogueController],
      providers: [CatalogueRepository, CatalogueService, DistributionRepository, DistributorService, ReadinessService],
    };
  }
}
