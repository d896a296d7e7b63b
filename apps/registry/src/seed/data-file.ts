import { CatalogueEndpoint, CatalogueModel, ServiceTier } from '@switchyard/contracts';
import { PRICE_UNIT_NAMES } from '@switchyard/pricing';
import { z } from 'zod';

const CONDITIONS: ReadonlySet<string> = new Set(['min_prompt_tokens', 'utc_start', 'utc_end']);
type Refinement = z.core.$RefinementCtx;

const refuse = (context: Refinement, name: string, message: string): void =>
  context.addIssue({ code: 'custom', path: [name], message });

/** A price under a name that nobody knows would be left out without a word, and what it was meant for would be free. */
function onlyUnits(row: Readonly<Record<string, unknown>>, context: Refinement): void {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'string' && !PRICE_UNIT_NAMES.has(name)) refuse(context, name, 'is no unit of a price');
}

/** Unit prices are text and conditions are numbers: the other way round they would be passed over. */
const OverrideRow = z.record(z.string(), z.union([z.string(), z.number()])).superRefine((row, context) => {
  onlyUnits(row, context);
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'number' && !CONDITIONS.has(name)) refuse(context, name, 'is no condition of a price');
});

const TierPricing = z
  .object({ overrides: z.array(OverrideRow).optional() })
  .catchall(z.string())
  .superRefine(onlyUnits);

/**
 * US dollars per unit as decimal strings, in OpenRouter's form; `overrides` are its conditional rows. `service_tiers` is ours: prices
 * that replace those beside it where a request was served at that tier.
 */
export const Pricing = z
  .object({
    discount: z.number().min(0).max(1).optional(),
    overrides: z.array(OverrideRow).optional(),
    service_tiers: z.partialRecord(ServiceTier, TierPricing).optional(),
  })
  .catchall(z.string())
  .superRefine(onlyUnits);
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
