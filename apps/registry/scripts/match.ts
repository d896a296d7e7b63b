import { matchBedrock } from './match-bedrock.ts';

/** Finds the public id (`author/slug`) of what a provider calls by a name of its own. */
export interface Match {
  readonly model: string;
  /** The provider id, or `provider/variant` for another price or speed of the same model. */
  readonly tag: string;
}

export interface ModelNames {
  readonly ids: ReadonlySet<string>;
  /** Lower-case Hugging Face id → public id. */
  readonly byHuggingFace: ReadonlyMap<string, string>;
  /** Slug without author → public id, where only one author has it. */
  readonly bySlug: ReadonlyMap<string, string>;
}

/** Names that no rule finds. */
const ALIASES: Readonly<Record<string, string>> = {
  'groq:llama-3.1-8b-instant': 'meta-llama/llama-3.1-8b-instruct',
  'groq:llama-3.3-70b-versatile': 'meta-llama/llama-3.3-70b-instruct',
  'groq:meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'mistral:mistral-medium-2505': 'mistralai/mistral-medium-3',
  'mistral:mistral-medium-2508': 'mistralai/mistral-medium-3.1',
  'mistral:mistral-medium-2604': 'mistralai/mistral-medium-3-5',
  'mistral:mistral-small-2506': 'mistralai/mistral-small-3.2-24b-instruct',
  'mistral:open-mistral-nemo': 'mistralai/mistral-nemo',
  'mistral:open-mixtral-8x22b': 'mistralai/mixtral-8x22b-instruct',
  'mistral:voxtral-small-2507': 'mistralai/voxtral-small-24b-2507',
  'mistral:mistral-large-4': 'mistralai/mistral-large-4-0',
  'mistral:zai-glm-5-2': 'z-ai/glm-5.2',
  'mistral:zai-glm-5-3': 'z-ai/glm-5.3',
  'mistral:zai-glm-5-3-flash': 'z-ai/glm-5.3-flash',
  'mistral:deepseek-v4-1-flash-1017': 'deepseek/deepseek-v4.1-flash-1017',
  'deepseek:deepseek-flash': 'deepseek/deepseek-v4.1-flash',
  'xai:grok-4.20-0309-reasoning': 'x-ai/grok-4.20',
  'anthropic:claude-3-haiku-20240307': 'anthropic/claude-3-haiku',
  'anthropic:claude-opus-4-0': 'anthropic/claude-opus-4',
  'anthropic:claude-sonnet-4-0': 'anthropic/claude-sonnet-4',
  'cerebras:gpt-oss-120b': 'openai/gpt-oss-120b',
  'cerebras:qwen-3.8-27b': 'qwen/qwen3.8-27b',
  'cerebras:zai-glm-4.7': 'z-ai/glm-4.7',
  'together:meta-models/Muse-Spark-Open-816B-A42B': 'meta/muse-spark-open',
  'together:nvidia/NVIDIA-Nemotron-3.5-Super-VL': 'nvidia/nemotron-3.5-super-vl',
  'ovhcloud:Meta-Llama-3_3-70B-Instruct': 'meta-llama/llama-3.3-70b-instruct',
  'ovhcloud:Llama-3.1-8B-Instruct': 'meta-llama/llama-3.1-8b-instruct',
  'ovhcloud:Mistral-Nemo-Instruct-2407': 'mistralai/mistral-nemo',
  'ovhcloud:Mistral-Small-3.2-24B-Instruct-2506': 'mistralai/mistral-small-3.2-24b-instruct',
  'avian:Meta-Llama-3.1-8B-Instruct': 'meta-llama/llama-3.1-8b-instruct',
  'avian:Meta-Llama-3.1-70B-Instruct': 'meta-llama/llama-3.1-70b-instruct',
  'avian:Meta-Llama-3.3-70B-Instruct': 'meta-llama/llama-3.3-70b-instruct',
  'cloudflare:@cf/meta/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'cloudflare:@cf/nvidia/nemotron-3-120b-a12b': 'nvidia/nemotron-3-super-120b-a12b',
  'cohere:command-a-03-2025': 'cohere/command-a',
  'together:deepcogito/cogito-v2-1-671b': 'deepcogito/cogito-v2.1-671b',
};

const AUTHORS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  mistral: 'mistralai',
  deepseek: 'deepseek',
  xai: 'x-ai',
  moonshotai: 'moonshotai',
  'z-ai': 'z-ai',
  alibaba: 'qwen',
  minimax: 'minimax',
  xiaomi: 'xiaomi',
  meta: 'meta',
  'ant-ling': 'inclusionai',
  azure: 'openai',
  'azure-anthropic': 'anthropic',
  'google-vertex': 'google',
  cohere: 'cohere',
  perplexity: 'perplexity',
};

/** The provider makes the model itself, so that its list price and OpenRouter's describe the same thing. */
export const isAuthor = (provider: string, model: string): boolean => model.startsWith(`${AUTHORS[provider]}/`);

/** Not for answering: made for one task, or of no use without tools that are billed apart. */
const NOT_CHAT = /(^|[-/])(cyber|deep-research|computer-use|robotics|daybreak|turbo-instruct)(-|$)/;
const DATED = /-20\d{6}$/;
/** Names that stand for another model every few months. */
const MOVING = /-latest$|^deepseek-(chat|reasoner)$/;
/** Capacity that may be taken away at any time, at a price that would draw all traffic to it. */
const SPOT = /-spot$/;
const VARIANT = /-(fast|ultrafast|turbo)$/;
const BUILDS = /-(turbo|fp8|tput|lite|nvfp4)$/i;
/** The same model, faster and at another price. Not "turbo", which is a model of its own as often as not. */
const FASTER = /-(fast|highspeed|ultraspeed)$/i;

/** Cloudflare's models say where they come from: `@cf/openai/gpt-oss-120b`. */
const NAMESPACE = /^@(?:cf|hf)\//;
/** Vertex has the version of Claude behind an `@`. */
const VERTEX_VERSION = /@[a-z0-9]+$/;

/** Null when the catalogue has no such model, or the provider's name should not be used. */
export function matchModel(provider: string, name: string, names: ModelNames): Match | null {
  const alias = ALIASES[`${provider}:${name}`];
  if (alias) return names.ids.has(alias) ? { model: alias, tag: provider } : null;
  if (MOVING.test(name) || SPOT.test(name) || DATED.test(name)) return null;
  if (['openai', 'azure', 'xai', 'google', 'google-vertex'].includes(provider) && NOT_CHAT.test(name)) return null;
  if (provider === 'amazon-bedrock') return matchBedrock(name, names);
  if (provider === 'fireworks') return matchFireworks(name, names);
  const model = findModel(provider, name, names);
  if (model) return { model, tag: provider };
  const variant = FASTER.exec(name)?.[1]?.toLowerCase();
  const faster = variant && findModel(provider, name.replace(FASTER, ''), names);
  return faster ? { model: faster, tag: `${provider}/${variant}` } : null;
}

const findModel = (provider: string, name: string, names: ModelNames): string | undefined =>
  candidates(provider, name).find((id) => names.ids.has(id)) ??
  byBuild(name, names) ??
  (HOSTS_BY_SLUG.has(provider) ? names.bySlug.get(name.toLowerCase()) : undefined);

/** Hosts that leave out whose model it is. */
const HOSTS_BY_SLUG: ReadonlySet<string> = new Set(['avian', 'ovhcloud']);

function candidates(provider: string, name: string): string[] {
  const lower = name.toLowerCase().replace(NAMESPACE, '').replace(VERTEX_VERSION, '');
  const author = lower.startsWith('claude-') ? 'anthropic' : AUTHORS[provider];
  // Anthropic writes 4-5 where the public id has 4.5.
  return [...(author ? [`${author}/${lower}`, `${author}/${lower.replace(/(\d)-(\d)/g, '$1.$2')}`] : []), lower];
}

function byBuild(name: string, names: ModelNames): string | undefined {
  if (!name.includes('/')) return undefined;
  const lower = name.toLowerCase().replace(NAMESPACE, '').replace(BUILDS, '');
  return names.byHuggingFace.get(lower) ?? names.bySlug.get(lower.slice(lower.indexOf('/') + 1));
}

/** `accounts/fireworks/models/glm-5p3`, `accounts/fireworks/routers/glm-5p3-fast`. */
function matchFireworks(name: string, names: ModelNames): Match | null {
  const slug = name.slice(name.lastIndexOf('/') + 1).replace(/(\d)p(\d)/g, '$1.$2');
  const variant = VARIANT.exec(slug)?.[1];
  const model = names.bySlug.get(variant ? slug.replace(VARIANT, '') : slug);
  return model ? { model, tag: variant ? `fireworks/${variant}` : 'fireworks' } : null;
}

export function namesOf(models: readonly { readonly id: string; readonly huggingFaceId: string | null }[]): ModelNames {
  const plain = models.filter(({ id }) => !id.includes(':') && !id.startsWith('~'));
  const slugs = Map.groupBy(plain, ({ id }) => id.slice(id.indexOf('/') + 1).toLowerCase());
  return {
    ids: new Set(plain.map(({ id }) => id)),
    byHuggingFace: new Map(
      plain.flatMap(({ id, huggingFaceId }) => (huggingFaceId ? [[huggingFaceId.toLowerCase(), id]] : [])),
    ),
    bySlug: new Map(
      [...slugs].flatMap(([slug, found]) => (found.length === 1 && found[0] ? [[slug, found[0].id]] : [])),
    ),
  };
}
