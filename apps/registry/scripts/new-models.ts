import { authorOf, takenBy, type EndpointFacts, type ModelFacts } from './openrouter.ts';
import { basicParameters } from './parameters.ts';
import { providerPricing, UnusablePrice, type Pricing } from './pricing.ts';
import type { ProviderRow, Source } from './sources.ts';

export interface NewModels {
  readonly models: readonly ModelFacts[];
  /** Their endpoints at OpenRouter, where a direct endpoint has the same main prices. */
  confirmedBy(direct: readonly EndpointFacts[]): EndpointFacts[];
}

/** Another price for the same model later (`:batch`), or none: no models of their own. */
const isModel = ({ upstreamModel }: ProviderRow): boolean => /^[a-z0-9][^:~]*\/[^:]+$/.test(upstreamModel);

/**
 * Models that a younger catalogue has and OpenRouter's list does not yet. Their public ids come from its rows for OpenRouter;
 * they enter the catalogue when a provider serves them. When they were made is not known: the day of the catalogue stands for it.
 */
export function newModels(
  listed: readonly ModelFacts[],
  { rows, date }: Source<ProviderRow>,
  providers: readonly string[],
): NewModels {
  const known = new Set(listed.map(({ id }) => id));
  const fresh = rows.filter((row) => row.provider === 'openrouter' && isModel(row) && !known.has(row.upstreamModel));
  const direct = rows.filter((row) => providers.includes(row.provider));
  return {
    models: fresh.map((row) => toModel(row, Date.parse(date) / 1000)),
    confirmedBy: (endpoints) => fresh.flatMap((row) => toEndpoint(row, endpoints) ?? []),
  };

  function toModel(row: ProviderRow, created: number): ModelFacts {
    // The maker's own catalogue knows the name without the author before it, but the public name has it.
    const reasoning = row.reasoning || direct.some((one) => one.name === row.name && one.reasoning);
    return {
      id: row.upstreamModel,
      canonicalSlug: row.upstreamModel,
      name: row.name,
      author: authorOf(row.upstreamModel),
      created,
      contextLength: row.contextLength ?? null,
      maxCompletionTokens: row.maxCompletionTokens ?? null,
      inputModalities: row.inputModalities,
      outputModalities: ['text'],
      tokenizer: null,
      instructType: null,
      huggingFaceId: null,
      knowledgeCutoff: null,
      expirationDate: null,
      isModerated: false,
      defaultParameters: null,
      reasoning: reasoning ? { mandatory: false, efforts: [], defaultEffort: null, maxTokens: false } : null,
    };
  }
}

function toEndpoint(row: ProviderRow, endpoints: readonly EndpointFacts[]): EndpointFacts | null {
  const pricing = usable(row);
  const same = endpoints.find(
    (one) =>
      one.model === row.upstreamModel &&
      one.pricing['prompt'] === pricing?.['prompt'] &&
      one.pricing['completion'] === pricing?.['completion'],
  );
  if (!pricing || !same || !row.contextLength) return null;
  return {
    model: row.upstreamModel,
    provider: 'openrouter',
    tag: 'openrouter',
    upstreamModel: row.upstreamModel,
    contextLength: row.contextLength,
    maxCompletionTokens: row.maxCompletionTokens ?? null,
    inputModalities: row.inputModalities,
    outputModalities: ['text'],
    supportedParameters: takenBy('openrouter', basicParameters(row.reasoning)),
    supportsImplicitCaching: pricing['input_cache_read'] !== undefined && pricing['input_cache_write'] === undefined,
    reasoning: same.reasoning,
    pricing,
  };
}

function usable(row: ProviderRow): Pricing | null {
  try {
    return providerPricing(row);
  } catch (error) {
    if (error instanceof UnusablePrice) return null;
    throw error;
  }
}
