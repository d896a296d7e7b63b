import type { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';
import { priceFromUsd, type PriceConditions } from '@switchyard/pricing';
import { createHash } from 'node:crypto';
import { canonicalJson } from '../catalogue/same-model.js';
import { DataError } from './data-error.js';
import type { DataEndpoint, Pricing } from './data-file.js';
import type { NamedDataFile } from './read-data.js';

/** What the data files say, put together by model. */
export interface AssembledData {
  readonly models: readonly AssembledModel[];
  readonly authors: readonly { readonly slug: string; readonly name: string }[];
  readonly providers: readonly { readonly id: string; readonly name: string }[];
}

export interface AssembledModel {
  readonly model: CatalogueModel;
  /** The day of the youngest price. */
  readonly date: string;
  /** Ids of the endpoints whose source says that they are free. */
  readonly free: ReadonlySet<string>;
  /** Where each endpoint stands, for messages: `endpoints/openai.json: endpoints[3]`. */
  readonly places: readonly string[];
}

/**
 * Joins models and endpoints of all files.
 * @throws DataError when something is named twice or not at all, or a price cannot be read.
 */
export function assemble(files: readonly NamedDataFile[]): AssembledData {
  const faults: string[] = [];
  const providers = files.flatMap(({ content }) => content.providers);
  const providerNames = new Map(providers.map(({ id, name }) => [id, name]));
  const models = new Map<string, { facts: Omit<CatalogueModel, 'endpoints'>; endpoints: PlacedEndpoint[] }>();
  for (const { file, content } of files)
    for (const [index, facts] of content.models.entries()) {
      if (models.has(facts.id)) faults.push(`${file}: models[${index}].id: ${facts.id} is there twice`);
      models.set(facts.id, { facts, endpoints: [] });
    }
  for (const { file, content } of files)
    for (const [index, endpoint] of content.endpoints.entries()) {
      const place = `${file}: endpoints[${index}]`;
      const model = models.get(endpoint.model);
      const providerName = providerNames.get(endpoint.provider);
      if (!model) faults.push(`${place}.model: there is no model ${endpoint.model}`);
      if (!providerName) faults.push(`${place}.provider: there is no provider ${endpoint.provider}`);
      if (model && providerName) model.endpoints.push({ endpoint, place, providerName, date: content.date });
    }
  const assembled = [...models.values()]
    // A model that nobody serves yet is a fact without use.
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ facts, endpoints }) => join(facts, endpoints, faults));
  if (faults.length > 0) throw new DataError(faults);
  return { models: assembled, authors: files.flatMap(({ content }) => content.authors), providers };
}

interface PlacedEndpoint {
  readonly endpoint: DataEndpoint;
  readonly place: string;
  readonly providerName: string;
  readonly date: string;
}

function join(
  facts: Omit<CatalogueModel, 'endpoints'>,
  placed: readonly PlacedEndpoint[],
  faults: string[],
): AssembledModel {
  const endpoints = placed.flatMap((one) => toEndpoint(one, faults));
  return {
    model: { ...facts, endpoints },
    date: placed.map(({ date }) => date).reduce((left, right) => (left > right ? left : right)),
    free: new Set(
      placed.filter(({ endpoint }) => endpoint.free).map(({ endpoint }) => `${endpoint.tag}:${endpoint.model}`),
    ),
    places: placed.map(({ place }) => place),
  };
}

function toEndpoint({ endpoint, place, providerName, date }: PlacedEndpoint, faults: string[]): CatalogueEndpoint[] {
  const { model, pricing, free: _free, ...facts } = endpoint;
  try {
    return [{ ...facts, id: `${endpoint.tag}:${model}`, modelId: model, providerName, price: priceOf(pricing, date) }];
  } catch (error) {
    faults.push(`${place}.pricing: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

/** The version names the day and the content, so that two prices of one day differ by name and the same price never does. */
export function priceOf(
  { discount, overrides, service_tiers: tiers, ...units }: Pricing,
  date: string,
): CatalogueEndpoint['price'] {
  const content = canonicalJson({ units, discount, overrides, tiers });
  const version = `${date}.${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
  return priceFromUsd(units, version, {
    ...(discount !== undefined && { discount }),
    ...(overrides && { overrides }),
    ...(tiers && { serviceTiers: mapTiers(tiers) }),
  });
}

const mapTiers = (tiers: NonNullable<Pricing['service_tiers']>): PriceConditions['serviceTiers'] & object =>
  Object.fromEntries(
    Object.entries(tiers).map(([name, { overrides, ...units }]) => [name, { units, ...(overrides && { overrides }) }]),
  );
