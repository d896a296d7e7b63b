import { profileRank } from './match-bedrock.ts';
import { isAuthor, matchModel, type Match, type ModelNames } from './match.ts';
import { takenBy, type EndpointFacts, type ModelFacts, type ReasoningFacts } from './openrouter.ts';
import { basicParameters, CACHES_BY_ITSELF, PROVIDER_INPUTS, REASONING_SWITCHES } from './parameters.ts';
import { providerPricing, supplemented, UnusablePrice, type Pricing } from './pricing.ts';
import { protocolFor, takenByProtocol } from './protocols.ts';
import type { Report } from './report.ts';
import type { ProviderRow, Source } from './sources.ts';

/** Providers with an API of their own that this release speaks to. */
export const DIRECT_PROVIDERS = [
  'openai',
  'anthropic',
  'google',
  'groq',
  'mistral',
  'deepseek',
  'xai',
  'together',
  'fireworks',
  'cerebras',
  'moonshotai',
  'z-ai',
  'alibaba',
  'minimax',
  'xiaomi',
  'meta',
  'ant-ling',
  'deepinfra',
  'novita',
  'nebius',
  'baseten',
  'avian',
  'doubleword',
  'ovhcloud',
  'vercel',
  'azure',
  'azure-anthropic',
  'amazon-bedrock',
  'google-vertex',
  'cohere',
  'cloudflare',
  'perplexity',
] as const;

/** Others behind it serve the models, at their makers' prices: it confirms nobody's price. */
export const isGateway = (provider: string): boolean => provider === 'vercel';

export interface Catalogue {
  readonly names: ModelNames;
  readonly models: ReadonlyMap<string, ModelFacts>;
  /** Parameters of OpenRouter's list; none for models that it does not have. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  readonly listedPricing: ReadonlyMap<string, Pricing>;
}

/** Endpoints of one provider from one catalogue; `taken` has the tags and models that a younger catalogue has given already. */
export function providerEndpoints(
  provider: string,
  { rows }: Source<ProviderRow>,
  catalogue: Catalogue,
  taken: Set<string>,
  report: Report,
): EndpointFacts[] {
  return rows
    .filter((row) => row.provider === provider)
    .toSorted((left, right) => profileRank(left.upstreamModel) - profileRank(right.upstreamModel))
    .flatMap((row) => {
      const match = matchModel(provider, row.upstreamModel, catalogue.names);
      if (!match) report.unmatched.push({ provider, name: row.upstreamModel });
      // Regions and profiles are no further endpoints of a model at Bedrock, as long as one serves it.
      const id = match && `${provider === 'amazon-bedrock' ? provider : match.tag}:${match.model}`;
      if (!match || !id || taken.has(id)) return [];
      const endpoint = toEndpoint(row, match, catalogue, report);
      if (endpoint) taken.add(id);
      return endpoint ? [endpoint] : [];
    });
}

function toEndpoint(row: ProviderRow, match: Match, catalogue: Catalogue, report: Report): EndpointFacts | null {
  const facts = catalogue.models.get(match.model);
  const protocol = protocolFor(row.provider, row.upstreamModel);
  const contextLength = row.contextLength ?? facts?.contextLength;
  try {
    if (!facts || !contextLength) throw new UnusablePrice('the context length is missing');
    if (facts.outputModalities.some((modality) => modality !== 'text'))
      throw new UnusablePrice('it makes images or audio, which the protocol of the provider does not bring here');
    const listed = isAuthor(row.provider, match.model) ? (catalogue.listedPricing.get(match.model) ?? null) : null;
    const pricing = supplemented(providerPricing(row), listed);
    if (row.provider === 'perplexity' && !pricing['request'] && !pricing['web_search'])
      throw new UnusablePrice('it searches every time, and the price of that is missing');
    return {
      model: match.model,
      provider: row.provider,
      tag: match.tag,
      upstreamModel: row.upstreamModel,
      ...(protocol && { protocol }),
      contextLength,
      maxCompletionTokens: row.maxCompletionTokens ?? facts.maxCompletionTokens,
      inputModalities: facts.inputModalities.filter(
        (name) => PROVIDER_INPUTS[apiOf(row.provider, protocol)]?.includes(name) && isPriced(name, pricing),
      ),
      outputModalities: facts.outputModalities,
      supportedParameters: withSearch(
        apiOf(row.provider, protocol),
        pricing,
        takenByProtocol(
          protocol,
          takenBy(
            apiOf(row.provider, protocol),
            catalogue.parameters.get(match.model) ?? basicParameters(row.reasoning),
          ),
        ),
      ),
      supportsImplicitCaching: CACHES_BY_ITSELF.has(row.provider) && pricing['input_cache_read'] !== undefined,
      reasoning: withSwitch(row.provider, facts.reasoning),
      pricing,
    };
  } catch (error) {
    if (!(error instanceof UnusablePrice)) throw error;
    report.notServed.push({ provider: row.provider, name: row.upstreamModel, reason: error.message });
    return null;
  }
}

/** Whose parameters an endpoint takes: where a cloud serves another's format, those of that format. */
const apiOf = (provider: string, protocol: string | undefined): string =>
  protocol === 'anthropic-vertex' ? 'anthropic' : provider;

/** Claude's own search is offered where its price is known; OpenRouter's list names the price and not the parameter. */
const withSearch = (api: string, pricing: Pricing, parameters: readonly string[]): string[] =>
  SEARCHING_CLAUDE.has(api) && pricing['web_search'] !== undefined
    ? [...parameters, 'web_search_options'].toSorted()
    : [...parameters];
const SEARCHING_CLAUDE = new Set(['anthropic', 'azure-anthropic']);

/** Audio costs several times as much as text, so without a price of its own it is not offered; images and video cost as text. */
const isPriced = (modality: string, pricing: Pricing): boolean =>
  modality !== 'audio' || pricing['audio'] !== undefined;

/** Where thinking is only switched on and off, "off" is the one effort that there is, unless the model always thinks. */
const withSwitch = (provider: string, reasoning: ReasoningFacts | null): ReasoningFacts | null =>
  reasoning && REASONING_SWITCHES.has(provider)
    ? { ...reasoning, efforts: reasoning.mandatory ? [] : ['none'], defaultEffort: null }
    : reasoning;
