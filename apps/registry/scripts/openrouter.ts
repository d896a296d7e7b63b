import type { ProtocolId } from '@switchyard/contracts';
import { PROVIDER_PARAMETERS } from './parameters.ts';
import { listedPricing, UnusablePrice, type Pricing } from './pricing.ts';
import type { Report } from './report.ts';
import type { ListedModel } from './sources.ts';

/** A model of the catalogue, in the form of `DataModel`. */
export interface ModelFacts {
  id: string;
  canonicalSlug: string;
  name: string;
  author: string;
  created: number;
  contextLength: number | null;
  maxCompletionTokens: number | null;
  inputModalities: string[];
  outputModalities: string[];
  tokenizer: string | null;
  instructType: string | null;
  huggingFaceId: string | null;
  knowledgeCutoff: string | null;
  expirationDate: string | null;
  isModerated: boolean;
  defaultParameters: Record<string, number | null> | null;
  reasoning: ReasoningFacts | null;
}

export interface ReasoningFacts {
  mandatory: boolean;
  efforts: string[];
  defaultEffort: string | null;
  defaultEnabled?: boolean;
  maxTokens: boolean;
}

/** An endpoint of the catalogue, in the form of `DataEndpoint`. */
export interface EndpointFacts {
  model: string;
  provider: string;
  tag: string;
  upstreamModel: string;
  protocol?: ProtocolId;
  contextLength: number;
  maxCompletionTokens: number | null;
  quantization?: string;
  inputModalities: string[];
  outputModalities: string[];
  supportedParameters: string[];
  supportsImplicitCaching: boolean;
  reasoning: ReasoningFacts | null;
  pricing: Pricing;
  free?: boolean;
}

/** OpenRouter's own router among free models says so in its name; every other free model by its variant. */
const isFree = (id: string): boolean => id.endsWith(':free') || id === 'openrouter/free';

export const authorOf = (id: string): string => id.slice(0, id.indexOf('/')).replace('~', '');

export function modelFacts(model: ListedModel): ModelFacts {
  const defaults = Object.entries(model.default_parameters ?? {}).filter(([, value]) => value !== null);
  return {
    id: model.id,
    canonicalSlug: model.canonical_slug,
    name: model.name.trim(),
    author: authorOf(model.id),
    created: model.created,
    contextLength: model.context_length,
    maxCompletionTokens: model.top_provider.max_completion_tokens,
    inputModalities: model.architecture.input_modalities,
    outputModalities: model.architecture.output_modalities,
    tokenizer: model.architecture.tokenizer,
    instructType: model.architecture.instruct_type,
    huggingFaceId: model.hugging_face_id || null,
    knowledgeCutoff: model.knowledge_cutoff,
    expirationDate: model.expiration_date,
    isModerated: model.top_provider.is_moderated,
    defaultParameters: defaults.length > 0 ? Object.fromEntries(defaults) : null,
    reasoning: reasoningFacts(model),
  };
}

function reasoningFacts({ reasoning }: ListedModel): ReasoningFacts | null {
  if (!reasoning) return null;
  return {
    mandatory: reasoning.mandatory,
    efforts: reasoning.supported_efforts ?? [],
    defaultEffort: reasoning.default_effort ?? null,
    ...(reasoning.default_enabled !== undefined && { defaultEnabled: reasoning.default_enabled }),
    maxTokens: reasoning.supports_max_tokens ?? false,
  };
}

/** The endpoint of a listed model at OpenRouter itself; null, with a line in the report, when its price cannot be used. */
export function openRouterEndpoint(model: ListedModel, facts: ModelFacts, report: Report): EndpointFacts | null {
  const context = model.top_provider.context_length ?? model.context_length;
  try {
    if (!context) throw new UnusablePrice('the context length is missing');
    const { pricing, inputModalities } = withoutStrangeAudio(listedPricing(model, isFree(model.id)), facts, report);
    return {
      model: model.id,
      provider: 'openrouter',
      tag: 'openrouter',
      upstreamModel: model.id,
      contextLength: context,
      maxCompletionTokens: model.top_provider.max_completion_tokens,
      inputModalities,
      outputModalities: facts.outputModalities,
      supportedParameters: takenBy('openrouter', model.supported_parameters),
      supportsImplicitCaching: pricing['input_cache_read'] !== undefined && pricing['input_cache_write'] === undefined,
      reasoning: facts.reasoning,
      pricing,
      ...(isFree(model.id) && { free: true }),
    };
  } catch (error) {
    if (!(error instanceof UnusablePrice)) throw error;
    report.notServed.push({ provider: 'openrouter', name: model.id, reason: error.message });
    return null;
  }
}

export const takenBy = (provider: string, parameters: readonly string[]): string[] =>
  parameters.filter((parameter) => PROVIDER_PARAMETERS[provider]?.includes(parameter)).toSorted();

/** Audio costs 1 to 15 times as much as text; a hundred times is a price per second or minute among prices per token. */
const MOST_AUDIO_FACTOR = 100;

function withoutStrangeAudio(pricing: Pricing, facts: ModelFacts, report: Report) {
  const { audio, input_audio_cache: _cached, ...rest } = pricing;
  if (typeof audio !== 'string' || Number(audio) < MOST_AUDIO_FACTOR * Number(pricing['prompt']))
    return { pricing, inputModalities: facts.inputModalities };
  report.dropped.push({ name: facts.id, reason: `audio input is not served: ${audio} is no price per token` });
  return { pricing: rest, inputModalities: facts.inputModalities.filter((modality) => modality !== 'audio') };
}
