import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A model of OpenRouter's list, as far as it is used. */
export interface ListedModel {
  readonly id: string;
  readonly canonical_slug: string;
  readonly hugging_face_id: string | null;
  readonly name: string;
  readonly created: number;
  readonly context_length: number | null;
  readonly architecture: {
    readonly input_modalities: string[];
    readonly output_modalities: string[];
    readonly tokenizer: string | null;
    readonly instruct_type: string | null;
  };
  readonly pricing: Readonly<Record<string, string>> & {
    readonly overrides?: Readonly<Record<string, string | number>>[];
  };
  readonly top_provider: {
    readonly context_length: number | null;
    readonly max_completion_tokens: number | null;
    readonly is_moderated: boolean;
  };
  readonly supported_parameters: string[];
  readonly default_parameters: Record<string, number | null> | null;
  readonly knowledge_cutoff: string | null;
  readonly expiration_date: string | null;
  readonly reasoning?: {
    readonly mandatory: boolean;
    readonly supported_efforts?: string[];
    readonly default_effort?: string | null;
    readonly default_enabled?: boolean;
    readonly supports_max_tokens?: boolean;
  };
}

/** A model in a provider's own catalogue; prices in US dollars per million tokens, absent when unknown. */
export interface ProviderRow {
  readonly provider: string;
  readonly upstreamModel: string;
  readonly name: string;
  readonly reasoning: boolean;
  readonly inputModalities: string[];
  readonly contextLength: number | undefined;
  readonly maxCompletionTokens: number | undefined;
  readonly cost: Cost;
  readonly tiers: readonly (Cost & { readonly above: number })[];
}

export interface Cost {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly audioInput?: number | undefined;
}

export interface Source<Row> {
  readonly slug: string;
  readonly source: string;
  readonly date: string;
  readonly rows: readonly Row[];
}

const readJson = <Content>(folder: string, name: string): Content =>
  JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Content;

export function readOpenRouter(folder: string): Source<ListedModel> {
  const { data } = readJson<{ data: ListedModel[] }>(folder, 'openrouter/models.json');
  return { slug: 'openrouter', source: 'OpenRouter GET /api/v1/models', date: '2026-08-01', rows: data };
}

interface EndpointList {
  readonly data: {
    readonly id: string;
    readonly endpoints: {
      readonly provider_name: string;
      readonly tag: string;
      readonly quantization: string | null;
      readonly context_length: number;
      readonly max_completion_tokens: number | null;
      readonly supported_parameters: string[];
    }[];
  };
}

/** What OpenRouter says about single endpoints of a model: quantisation, limits and parameters, but not the provider's own id. */
export const readEndpointList = (folder: string, name: string): EndpointList =>
  readJson<EndpointList>(folder, `openrouter/${name}`);

/** What catalogues call providers by another name than we do. */
const PROVIDER_IDS: Readonly<Record<string, string>> = {
  togetherai: 'together',
  'fireworks-ai': 'fireworks',
  'novita-ai': 'novita',
  zai: 'z-ai',
  'vercel-ai-gateway': 'vercel',
  'cloudflare-workers-ai': 'cloudflare',
  'google-vertex-anthropic': 'google-vertex',
};

/** Azure serves Claude at another address than the rest, so that is another provider here. */
const providerId = (name: string, model = ''): string =>
  name === 'azure' && model.startsWith('claude-') ? 'azure-anthropic' : (PROVIDER_IDS[name] ?? name);

interface PiModel {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly reasoning?: boolean;
  readonly input: string[];
  readonly contextWindow?: number;
  readonly maxTokens?: number;
  readonly cost: PiCost & { readonly tiers?: (PiCost & { readonly inputTokensAbove: number })[] };
}
type PiCost = Readonly<Record<'input' | 'output' | 'cacheRead' | 'cacheWrite', number>>;

/** In this catalogue a cache price of zero means that there is none. */
const piCost = ({ input, output, cacheRead, cacheWrite }: PiCost): Cost => ({
  input,
  output,
  cacheRead: cacheRead || undefined,
  cacheWrite: cacheWrite || undefined,
});

export function readPiAi(folder: string): Source<ProviderRow> {
  const { meta, models } = readJson<{ meta: { source: string; generatedAt: string }; models: PiModel[] }>(
    folder,
    'catalogue/pi-ai-1.5.2.models.json',
  );
  const rows = models
    .filter((model) => model.type === 'chat')
    .map((model) => ({
      provider: providerId(model.provider, model.id),
      upstreamModel: model.id,
      name: model.name,
      reasoning: model.reasoning ?? false,
      inputModalities: model.input,
      contextLength: model.contextWindow,
      maxCompletionTokens: model.maxTokens,
      cost: piCost(model.cost),
      tiers: (model.cost.tiers ?? []).map((tier) => ({ ...piCost(tier), above: tier.inputTokensAbove })),
    }));
  return { slug: 'pi-ai', source: meta.source, date: meta.generatedAt.slice(0, 10), rows };
}

interface DevModel {
  readonly base_model?: string;
  readonly name?: string;
  readonly status?: string;
  readonly reasoning?: boolean;
  readonly cost?: DevCost & { readonly tiers?: (DevCost & { readonly tier: { readonly size: number } })[] };
  readonly limit?: { readonly context?: number; readonly output?: number };
  readonly modalities?: { readonly input: string[]; readonly output: string[] };
}
interface DevCost {
  readonly input?: number;
  readonly output?: number;
  readonly cache_read?: number;
  readonly cache_write?: number;
  readonly input_audio?: number;
}

const devCost = (cost: DevCost): Cost => ({
  input: cost.input,
  output: cost.output,
  cacheRead: cost.cache_read || undefined,
  cacheWrite: cost.cache_write || undefined,
  audioInput: cost.input_audio || undefined,
});

export function readModelsDev(folder: string): Source<ProviderRow> {
  const file = readJson<{
    meta: { source: string; commit: string; date: string };
    base: Record<string, DevModel>;
    models: Record<string, Record<string, DevModel>>;
  }>(folder, 'catalogue/models.dev-2026-07-02.json');
  const rows = Object.entries(file.models).flatMap(([provider, models]) =>
    Object.entries(models)
      .map(([id, own]) => [id, { ...(own.base_model ? file.base[own.base_model] : {}), ...own }] as const)
      .filter(([, model]) => model.status !== 'deprecated' && (model.modalities?.output ?? ['text']).includes('text'))
      .map(([id, model]) => ({
        provider: providerId(provider, id),
        upstreamModel: id,
        name: model.name ?? id,
        reasoning: model.reasoning ?? false,
        inputModalities: (model.modalities?.input ?? ['text']).map((name) => (name === 'pdf' ? 'file' : name)),
        contextLength: model.limit?.context || undefined,
        maxCompletionTokens: model.limit?.output || undefined,
        cost: devCost(model.cost ?? {}),
        tiers: (model.cost?.tiers ?? []).map((tier) => ({ ...devCost(tier), above: tier.tier.size })),
      })),
  );
  return { slug: 'models-dev', source: `${file.meta.source}@${file.meta.commit}`, date: file.meta.date, rows };
}

interface GenAiProvider {
  readonly id: string;
  readonly models: readonly {
    readonly id: string;
    readonly name?: string;
    readonly context_window?: number;
    readonly deprecated?: boolean;
    readonly prices: unknown;
  }[];
}

/** Prices that hold always and for any length are numbers in this catalogue; what depends on more is left out. */
const numbersIn = (prices: unknown): Readonly<Record<string, number | undefined>> =>
  typeof prices === 'object' && prices !== null && !Array.isArray(prices)
    ? Object.fromEntries(Object.entries(prices).map(([name, value]) => [name, typeof value === 'number' ? value : NaN]))
    : {};

export function readGenAiPrices(folder: string): Source<ProviderRow> {
  const providers = readJson<GenAiProvider[]>(folder, 'catalogue/genai-prices-2026-08-21.slim.json');
  const rows = providers.flatMap(({ id, models }) =>
    models
      .filter((model) => !model.deprecated)
      .map((model) => {
        const prices = numbersIn(model.prices);
        return {
          provider: providerId(id),
          upstreamModel: model.id,
          name: model.name ?? model.id,
          reasoning: false,
          inputModalities: ['text'],
          contextLength: model.context_window,
          maxCompletionTokens: undefined,
          cost: {
            input: prices['input_mtok'],
            output: prices['output_mtok'],
            cacheRead: prices['cache_read_mtok'],
            cacheWrite: prices['cache_write_mtok'],
          },
          tiers: [],
        };
      }),
  );
  return { slug: 'genai-prices', source: 'pydantic/genai-prices@47df840a', date: '2026-08-21', rows };
}
