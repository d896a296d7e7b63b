import { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';
import { z } from 'zod';

/** US dollars per unit as decimal strings, in OpenRouter's form; `overrides` are its conditional rows. */
export const Pricing = z
  .strictObject({
    discount: z.number().min(0).max(1).optional(),
    overrides: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
  })
  .catchall(z.string());
export type Pricing = z.output<typeof Pricing>;

const endpointFacts = CatalogueEndpoint.omit({
  id: true,
  modelId: true,
  provider: true,
  providerName: true,
  price: true,
});

/** A model served by the provider of the file. Its id is `<tag>:<model>`. */
export const DataEndpoint = z.strictObject({
  ...endpointFacts.shape,
  model: z.string().min(1),
  provider: z.string().min(1),
  pricing: Pricing,
  /** The source says that it costs nothing: without this word a price of zero is refused. */
  free: z.boolean().default(false),
});
export type DataEndpoint = z.output<typeof DataEndpoint>;

export const DataModel = z.strictObject(CatalogueModel.omit({ endpoints: true }).shape);
export type DataModel = z.output<typeof DataModel>;

/** One file of the catalogue: facts, where they come from and of which day they are. Unknown fields are mistakes. */
export const DataFile = z.strictObject({
  source: z.string().min(1),
  date: z.iso.date(),
  authors: z.array(z.strictObject({ slug: z.string().min(1), name: z.string().min(1) })).default([]),
  providers: z.array(z.strictObject({ id: z.string().min(1), name: z.string().min(1) })).default([]),
  models: z.array(DataModel).default([]),
  endpoints: z.array(DataEndpoint).default([]),
});
export type DataFile = z.output<typeof DataFile>;
