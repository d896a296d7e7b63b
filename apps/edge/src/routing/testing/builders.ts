import type { CatalogueModel, CompletionRequest, ProviderPreferences } from '@switchyard/contracts';
import { CatalogueStore } from '../../catalogue/catalogue.store.js';
import { UNKNOWN_CONDITION } from '../../health/endpoint-condition.js';
import type { EndpointCondition, HealthView } from '../../health/endpoint-condition.js';
import type { RoutingInput } from '../routing.js';

export function aRequest({
  provider,
  ...fields
}: Omit<Partial<CompletionRequest>, 'provider'> & {
  readonly provider?: Partial<ProviderPreferences>;
} = {}): CompletionRequest {
  return {
    models: ['acme/large'],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    stream: false,
    parameters: [],
    extra: {},
    provider: { allowFallbacks: true, requireParameters: false, extra: {}, ...provider },
    ...fields,
  };
}

export function catalogueOf(...models: CatalogueModel[]): CatalogueStore {
  const store = new CatalogueStore();
  for (const model of models) store.put(model);
  return store;
}

/** Health as told, by tag of the endpoint; everything else is healthy without data. */
export const healthOf = (conditions: Readonly<Record<string, Partial<EndpointCondition>>> = {}): HealthView => ({
  conditionOf: (endpointId) => ({ ...UNKNOWN_CONDITION, ...conditions[endpointId.slice(0, endpointId.indexOf(':'))] }),
});

/** A small generator with a seed (mulberry32), so that a draw can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function anInput({
  models,
  request = aRequest(),
  ...fields
}: Partial<Omit<RoutingInput, 'catalogue'>> & { readonly models: readonly CatalogueModel[] }): RoutingInput {
  return {
    request,
    facts: { inputModalities: ['text'], outputModalities: ['text'], promptBytes: 300 },
    catalogue: catalogueOf(...models),
    health: healthOf(),
    random: seededRandom(1),
    nowMs: 0,
    ...fields,
  };
}
