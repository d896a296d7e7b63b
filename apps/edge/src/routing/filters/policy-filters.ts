import type { CallerPolicy } from '../policies.js';
import { matchesAny } from '../routers/patterns.js';
import type { RoutingInput } from '../routing.js';
import type { Filter, FilterFactory } from './filter.js';
import { maxPrice } from './max-price.js';
import { distillableText, quantization } from './model-quality-filters.js';
import { dataCollection, zeroDataRetention } from './privacy-filters.js';
import { allowedProviders, ignoredProviders } from './provider-filters.js';

/** What of a `provider` object is a rule and no wish: a policy's counts beside the request's own, so that none relaxes the other. */
const RULES: readonly FilterFactory[] = [
  allowedProviders,
  ignoredProviders,
  zeroDataRetention,
  dataCollection,
  distillableText,
  quantization,
  maxPrice,
];

/** The rules of all policies that the caller is under. */
export const policyFilters = (input: RoutingInput): readonly Filter[] =>
  (input.policies ?? []).flatMap((policy) => filtersOf(policy, input));

function filtersOf(policy: CallerPolicy, input: RoutingInput): readonly Filter[] {
  const { allowedModels, ignoredModels, owner } = policy;
  const asIfAsked = { ...input, request: { ...input.request, provider: policy.provider } };
  const rules = RULES.map((make) => make(asIfAsked)).filter((filter) => filter !== null);
  if (allowedModels)
    rules.push({ reason: 'allowed_models', keeps: ({ model }) => matchesAny(model.id, allowedModels) });
  if (ignoredModels.length > 0)
    rules.push({ reason: 'ignored_models', keeps: ({ model }) => !matchesAny(model.id, ignoredModels) });
  return rules.map((filter) => ({ ...filter, setBy: owner }));
}
