import { CatalogueModel, Price } from '@switchyard/contracts';
import { z } from 'zod';

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
      : item,
  );

/** The text of an entry of the `catalogue` bucket; equal models have equal texts. */
export const entryOf = (model: CatalogueModel): string => canonicalJson(z.encode(CatalogueModel, model));

/** The prices are the same, whatever their versions are called. */
export const samePrice = (left: Price, right: Price): boolean => contentOf(left) === contentOf(right);

const contentOf = (price: Price): string => canonicalJson({ ...z.encode(Price, price), version: undefined });

/** Equal but for the versions of their prices: a data file with a later date changes nothing by that alone. */
export const sameButVersions = (left: CatalogueModel, right: CatalogueModel): boolean =>
  entryOf(withoutVersions(left)) === entryOf(withoutVersions(right));

const withoutVersions = (model: CatalogueModel): CatalogueModel => ({
  ...model,
  endpoints: model.endpoints.map((endpoint) => ({ ...endpoint, price: { ...endpoint.price, version: '-' } })),
});
