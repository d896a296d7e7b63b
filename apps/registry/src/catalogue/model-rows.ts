import type { CatalogueEndpoint, CatalogueModel, Price } from '@switchyard/contracts';
import type { EndpointEntity } from './endpoint.entity.js';
import type { ModelEntity } from './model.entity.js';

/** A model as stored, with the prices that hold now; endpoints without one are left out. */
export function toCatalogueModel(
  row: ModelEntity,
  endpoints: readonly EndpointEntity[],
  priceOf: (endpointId: string) => Price | undefined,
): CatalogueModel {
  const { source: _source, revision: _revision, removedAt: _removedAt, ...facts } = row;
  const served = endpoints.flatMap((endpoint) => {
    const price = priceOf(endpoint.id);
    return price ? [toCatalogueEndpoint(endpoint, price)] : [];
  });
  return { ...facts, endpoints: served };
}

function toCatalogueEndpoint(row: EndpointEntity, price: Price): CatalogueEndpoint {
  const { position: _position, removedAt: _removedAt, protocol, ...facts } = row;
  return { ...facts, ...(protocol && { protocol }), price };
}

/** The row of an endpoint, without its price. */
export function toEndpointRow(endpoint: CatalogueEndpoint, position: number): EndpointEntity {
  const { price: _price, protocol = null, ...facts } = endpoint;
  return { ...facts, protocol, position, removedAt: null };
}

/** The columns of a model that come from the catalogue. */
export function toModelRow(model: CatalogueModel): Omit<ModelEntity, 'source' | 'revision' | 'removedAt'> {
  const { endpoints: _endpoints, ...facts } = model;
  return facts;
}
