import { formatPrice } from '@switchyard/contracts';
import type { MaxPrice, PolicyOwner } from '@switchyard/contracts';
import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { AvailabilityFacts } from './availability.js';
import type { Filter } from './filters/filter.js';

/** What to tell when a hard preference of `provider` left nothing. */
export interface PreferenceRefusal {
  readonly code: AvailabilityFacts['code'];
  readonly message: string;
  readonly constraint: { readonly field: string; readonly detail: string };
}

const UNKNOWN_POLICY = 'A provider whose policy is not known counts as one that trains on data and retains it.';
const TOKENS_PER_PRICE = 1_000_000n;

/** The refusal for the preference that decided, in OpenRouter's words where it has some (spec 5.3); undefined for other reasons. */
export function preferenceRefusal(
  decisive: Pick<Filter, 'reason' | 'setBy'> | null,
  endpoints: readonly PreparedEndpoint[],
): PreferenceRefusal | undefined {
  const refusal = refusalFor(decisive?.reason, endpoints);
  if (!refusal || !decisive?.setBy) return refusal;
  const { constraint } = refusal;
  return { ...refusal, constraint: { ...constraint, detail: `${constraint.detail} ${settledBy(decisive.setBy)}` } };
}

/** Whoever asks could not have asked for less. */
export const settledBy = (owner: PolicyOwner): string =>
  owner === 'key'
    ? 'It is settled for the API key, and a request cannot relax it.'
    : 'It is settled for the workspace, and a request cannot relax it.';

function refusalFor(
  reason: Filter['reason'] | undefined,
  endpoints: readonly PreparedEndpoint[],
): PreferenceRefusal | undefined {
  switch (reason) {
    case 'allowed_models':
    case 'ignored_models':
      return {
        code: 'constraint_filtered',
        message: 'No endpoints found for models that are allowed to you',
        constraint: { field: `routing.${reason}`, detail: 'The model is not among those that may be used.' },
      };
    case 'data_policy:zdr':
      return privacy('zdr', 'Zero data retention');
    case 'data_policy:training':
      return privacy('data_collection', 'No data collection');
    case 'distillable_text':
      return filtered(
        'No endpoints found matching provider.enforce_distillable_text: no model of the catalogue is known to allow distillation',
        'enforce_distillable_text',
        'Leave it out; the catalogue does not know of any model whether its author allows distillation.',
      );
    case 'quantization':
      return filtered(
        'No endpoints found matching provider.quantizations',
        'quantizations',
        `The endpoints run at ${[...new Set(endpoints.map(({ endpoint }) => endpoint.quantization))].sort().join(', ')}.`,
      );
    case 'max_price':
      return filtered('No endpoints found within provider.max_price', 'max_price', cheapest(endpoints));
    default:
      return undefined;
  }
}

const privacy = (field: string, policy: string): PreferenceRefusal => ({
  code: 'privacy_restricted',
  message: `No endpoints found matching your data policy (${policy})`,
  constraint: { field: `provider.${field}`, detail: UNKNOWN_POLICY },
});

const filtered = (message: string, field: string, detail: string): PreferenceRefusal => ({
  code: 'constraint_filtered',
  message,
  constraint: { field: `provider.${field}`, detail },
});

/** The least that each token costs, so that a client sees what to raise. */
function cheapest(endpoints: readonly PreparedEndpoint[]): string {
  const least = (name: keyof MaxPrice & ('prompt' | 'completion')): string => {
    const picos = endpoints.map(({ endpoint }) => endpoint.price[name]);
    return formatPrice(picos.reduce((low, price) => (price < low ? price : low)) * TOKENS_PER_PRICE);
  };
  return `The lowest prices of the endpoints are $${least('prompt')} and $${least('completion')} per million prompt and completion tokens, before conditions.`;
}
