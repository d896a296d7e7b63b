import type { MigrationClass } from '@switchyard/database';
import { AuthorEntity } from './catalogue/author.entity.js';
import { EndpointEntity } from './catalogue/endpoint.entity.js';
import { ModelEntity } from './catalogue/model.entity.js';
import { PriceEntity } from './catalogue/price.entity.js';
import { ProviderEntity } from './catalogue/provider.entity.js';
import { CatalogueChangeEntity } from './distribution/catalogue-change.entity.js';
import { CreateCatalogue1763800000000 } from './migrations/1763800000000-catalogue.js';

export const SCHEMA = 'registry';
export const ENTITIES = [AuthorEntity, EndpointEntity, ModelEntity, PriceEntity, ProviderEntity, CatalogueChangeEntity];
export const MIGRATIONS: readonly MigrationClass[] = [CreateCatalogue1763800000000];
