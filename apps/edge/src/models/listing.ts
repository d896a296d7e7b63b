import type { PreparedModel } from '../catalogue/prepared-model.js';
import type { HealthView } from '../health/endpoint-condition.js';
import type { ListingQuery } from './listing-query.js';

const DAY_S = 86_400;
const PICOS_PER_TOKEN_OF_USD_PER_MILLION = 1_000_000;
export const DEFAULT_PAGE_SIZE = 500;

export interface ListingContext {
  readonly health: HealthView;
  /** In the clock of `health`. */
  readonly nowMs: number;
  readonly unixSeconds: number;
}

/** The models that a query means, in its order, before paging. Models without an endpoint can not be used and are not listed. */
export function listModels(
  models: readonly PreparedModel[],
  query: ListingQuery,
  context: ListingContext,
): readonly PreparedModel[] {
  const rules = RULES.map((make) => make(query, context)).filter((rule) => rule !== null);
  const found = models.filter((one) => one.endpoints.length > 0 && rules.every((rule) => rule(one)));
  const score = query.sort ? SCORES[query.sort]?.(context) : undefined;
  return score ? found.toSorted((left, right) => (score(left) ?? Infinity) - (score(right) ?? Infinity) || 0) : found;
}

/** The part of a listing that `offset` and `limit` ask for; all of it when neither is given. */
export function pageOf<T>(
  found: readonly T[],
  { offset, limit }: ListingQuery,
): { items: readonly T[]; nextOffset: number | null } {
  if (offset === undefined && limit === undefined) return { items: found, nextOffset: null };
  const start = offset ?? 0;
  const end = start + (limit ?? DEFAULT_PAGE_SIZE);
  return { items: found.slice(start, end), nextOffset: end < found.length ? end : null };
}

type Rule = (one: PreparedModel) => boolean;
type RuleFactory = (query: ListingQuery, context: ListingContext) => Rule | null;

const promptPrice = ({ endpoints: [cheapest] }: PreparedModel): number =>
  Number(cheapest?.endpoint.price.prompt ?? 0n) / PICOS_PER_TOKEN_OF_USD_PER_MILLION;
const outputPrice = ({ endpoints: [cheapest] }: PreparedModel): number =>
  Number(cheapest?.endpoint.price.completion ?? 0n) / PICOS_PER_TOKEN_OF_USD_PER_MILLION;
const ageDays = ({ model }: PreparedModel, unixSeconds: number): number => (unixSeconds - model.created) / DAY_S;

/** A rule for a parameter that was given. */
const given =
  <Name extends keyof ListingQuery>(
    name: Name,
    rule: (one: PreparedModel, value: NonNullable<ListingQuery[Name]>, context: ListingContext) => boolean,
  ): RuleFactory =>
  (query, context) => {
    const value = query[name];
    return value === undefined || value === null ? null : (one) => rule(one, value, context);
  };

const RULES: readonly RuleFactory[] = [
  given('output_modalities', ({ model }, wanted) =>
    wanted === 'all' ? true : wanted.some((modality) => model.outputModalities.includes(modality)),
  ),
  given('input_modalities', ({ model }, wanted) => wanted.every((one) => model.inputModalities.includes(one))),
  given('supported_parameters', ({ supportedParameters }, wanted) =>
    wanted.every((one) => supportedParameters.has(one)),
  ),
  given('q', ({ model }, words) => `${model.id}\n${model.name}`.toLowerCase().includes(words.trim().toLowerCase())),
  given('context', ({ model }, least) => (model.contextLength ?? 0) >= least),
  given('min_price', (one, least) => promptPrice(one) >= least),
  given('max_price', (one, most) => promptPrice(one) <= most),
  given('min_output_price', (one, least) => outputPrice(one) >= least),
  given('max_output_price', (one, most) => outputPrice(one) <= most),
  given('model_authors', ({ model }, authors) => authors.includes(model.author.toLowerCase())),
  given('providers', ({ endpoints }, names) => endpoints.some((one) => names.some((name) => one.names.has(name)))),
  given('arch', ({ model }, family) => model.tokenizer?.toLowerCase() === family.trim().toLowerCase()),
  given('zdr', ({ endpoints }) => endpoints.some(({ endpoint }) => endpoint.dataPolicy?.retains === false)),
  given('min_age_days', (one, least, { unixSeconds }) => ageDays(one, unixSeconds) >= least),
  given('max_age_days', (one, most, { unixSeconds }) => ageDays(one, unixSeconds) <= most),
];

type Score = (one: PreparedModel) => number | null;

/** The best value of a metric over the endpoints of a model; null without data. */
const best = ({ endpoints }: PreparedModel, metric: (id: string) => number | null): number | null => {
  const values = endpoints.map(({ endpoint }) => metric(endpoint.id)).filter((value) => value !== null);
  return values.length > 0 ? Math.min(...values) : null;
};

/** Ascending is first; null is last. */
const SCORES: Readonly<Partial<Record<string, (context: ListingContext) => Score>>> = {
  newest: () => (one) => -one.model.created,
  'pricing-low-to-high': () => (one) => promptPrice(one) + outputPrice(one),
  'pricing-high-to-low': () => (one) => -promptPrice(one) - outputPrice(one),
  'context-high-to-low': () => (one) => (one.model.contextLength === null ? null : -one.model.contextLength),
  'latency-low-to-high':
    ({ health, nowMs }) =>
    (one) =>
      best(one, (id) => health.conditionOf(id, nowMs).latencyMs),
  'throughput-high-to-low':
    ({ health, nowMs }) =>
    (one) =>
      best(one, (id) => {
        const { throughput } = health.conditionOf(id, nowMs);
        return throughput === null ? null : -throughput;
      }),
};
