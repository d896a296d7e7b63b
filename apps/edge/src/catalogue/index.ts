export type { CatalogueView, PreparedEndpoint, PreparedModel } from './prepared-model.js';
export { CatalogueModule } from './catalogue.module.js';
export { CatalogueStore } from './catalogue.store.js';
