export type { CatalogueView, PreparedEndpoint, PreparedModel } from './prepared-model.js';
