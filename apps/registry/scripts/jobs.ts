import { plain } from './decimal.ts';

/** A model of a job as a provider calls it, and as the catalogue does. */
interface JobModel {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** Its row in LiteLLM's catalogue. */
  readonly row: string;
  readonly job: 'embeddings' | 'rerank' | 'image' | 'speech' | 'transcription';
  /** Unix seconds of its release. */
  readonly created: number;
  readonly supportedParameters?: readonly string[];
  readonly inputModalities?: readonly string[];
  /** A model of OpenRouter's list that writes as well: only its endpoint is new. */
  readonly alsoWrites?: true;
  /** Tokens of a prompt, where the row does not say it. */
  readonly contextLength?: number;
  /** Tokens of an answer, of an image of one image, where the row does not say it. */
  readonly maxCompletionTokens?: number;
  /** Prices that stand in place of the row's. */
  readonly pricing?: Readonly<Record<string, string>>;
}

const DIMENSIONS = ['dimensions'] as const;
/** `tts-1` reads 4,096 characters, `gpt-4o-mini-tts` 2,000 tokens, images are described in 32,000 characters: platform.openai.com/docs/api-reference. */
const SPEECH_CONTEXT = 4_096;
const IMAGE_CONTEXT = 32_000;
/** The largest answer of OpenAI's table, an upright image of high quality: developers.openai.com, image generation, read 2026-11-22. */
const TOKENS_PER_IMAGE = 6_240;
/** `n_text_ctx` of Whisper's models: huggingface.co/openai/whisper-large-v3, configuration. */
const WHISPER_CONTEXT = 448;
const TIMED = ['temperature', 'timestamp_granularities'] as const;

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;

/** OpenRouter's list has no model without text as output, so these are named here. */
export const JOB_MODELS: readonly JobModel[] = [
  ...(['3-small', '3-large'] as const).map((size) => ({
    id: `openai/text-embedding-${size}`,
    name: `OpenAI: Text Embedding ${size.replace('-s', ' S').replace('-l', ' L')}`,
    provider: 'openai',
    upstreamModel: `text-embedding-${size}`,
    row: `text-embedding-${size}`,
    job: 'embeddings' as const,
    created: at('2024-01-25'),
    supportedParameters: DIMENSIONS,
  })),
  {
    id: 'openai/text-embedding-ada-002',
    name: 'OpenAI: Text Embedding Ada 002',
    provider: 'openai',
    upstreamModel: 'text-embedding-ada-002',
    row: 'text-embedding-ada-002',
    job: 'embeddings',
    created: at('2022-12-15'),
  },
  {
    id: 'google/gemini-embedding-001',
    name: 'Google: Gemini Embedding 001',
    provider: 'google',
    upstreamModel: 'gemini-embedding-001',
    row: 'gemini/gemini-embedding-001',
    job: 'embeddings',
    created: at('2025-07-14'),
    supportedParameters: DIMENSIONS,
  },
  {
    id: 'mistralai/mistral-embed',
    name: 'Mistral: Mistral Embed',
    provider: 'mistral',
    upstreamModel: 'mistral-embed',
    row: 'mistral/mistral-embed',
    job: 'embeddings',
    created: at('2023-12-11'),
  },
  {
    id: 'cohere/embed-v4.0',
    name: 'Cohere: Embed v4.0',
    provider: 'cohere',
    upstreamModel: 'embed-v4.0',
    row: 'cohere/embed-v4.0',
    job: 'embeddings',
    created: at('2025-04-15'),
    supportedParameters: DIMENSIONS,
  },
  {
    id: 'cohere/rerank-v3.5',
    name: 'Cohere: Rerank v3.5',
    provider: 'cohere',
    upstreamModel: 'rerank-v3.5',
    row: 'rerank-v3.5',
    job: 'rerank',
    created: at('2024-12-02'),
  },
  // `gpt-image-2` draws in sizes of its own, whose tokens no table at hand tells: it has no bound.
  ...(
    [
      ['gpt-image-1', 'GPT Image 1', '2025-04-23'],
      ['gpt-image-1-mini', 'GPT Image 1 Mini', '2025-10-06'],
      ['gpt-image-1.5', 'GPT Image 1.5', '2025-12-16'],
    ] as const
  ).map(([model, name, day]) => ({
    id: `openai/${model}`,
    name: `OpenAI: ${name}`,
    provider: 'openai',
    upstreamModel: model,
    row: model,
    job: 'image' as const,
    created: at(day),
    supportedParameters: ['n'],
    inputModalities: ['text', 'image'],
    contextLength: IMAGE_CONTEXT,
    maxCompletionTokens: TOKENS_PER_IMAGE,
  })),
  ...(['gemini-2.5-flash-image', 'gemini-3-pro-image'] as const).map((model) => ({
    id: `google/${model}`,
    name: model,
    provider: 'google',
    upstreamModel: model,
    row: `gemini/${model}`,
    job: 'image' as const,
    created: 0,
    alsoWrites: true as const,
    supportedParameters: ['max_tokens', 'seed', 'temperature', 'top_p'],
    inputModalities: ['image', 'text'],
  })),
  ...(['tts-1', 'tts-1-hd'] as const).map((model) => ({
    id: `openai/${model}`,
    name: `OpenAI: ${model.toUpperCase()}`,
    provider: 'openai',
    upstreamModel: model,
    row: model,
    job: 'speech' as const,
    created: at('2023-11-06'),
    supportedParameters: ['speed'],
    contextLength: SPEECH_CONTEXT,
  })),
  {
    id: 'openai/gpt-4o-mini-tts',
    name: 'OpenAI: GPT-4o Mini TTS',
    provider: 'openai',
    upstreamModel: 'gpt-4o-mini-tts',
    row: 'gpt-4o-mini-tts',
    job: 'speech',
    created: at('2025-03-20'),
    supportedParameters: ['instructions', 'speed'],
    contextLength: SPEECH_CONTEXT,
    // The row has the price of another model's text; OpenAI's list says $0.60 for what goes in.
    pricing: { prompt: '0.0000006' },
  },
  ...(['gpt-4o-transcribe', 'gpt-4o-mini-transcribe'] as const).map((model) => ({
    id: `openai/${model}`,
    name: `OpenAI: ${model === 'gpt-4o-transcribe' ? 'GPT-4o Transcribe' : 'GPT-4o Mini Transcribe'}`,
    provider: 'openai',
    upstreamModel: model,
    row: model,
    job: 'transcription' as const,
    created: at('2025-03-20'),
    supportedParameters: ['temperature'],
    inputModalities: ['audio'],
  })),
  {
    id: 'openai/whisper-1',
    name: 'OpenAI: Whisper',
    provider: 'openai',
    upstreamModel: 'whisper-1',
    row: 'whisper-1',
    job: 'transcription',
    created: at('2023-03-01'),
    supportedParameters: TIMED,
    inputModalities: ['audio'],
    contextLength: WHISPER_CONTEXT,
  },
  ...(['whisper-large-v3', 'whisper-large-v3-turbo'] as const).map((model) => ({
    id: `openai/${model}`,
    name: `OpenAI: ${model === 'whisper-large-v3' ? 'Whisper Large v3' : 'Whisper Large v3 Turbo'}`,
    provider: 'groq',
    upstreamModel: model,
    row: `groq/${model}`,
    job: 'transcription' as const,
    created: at(model === 'whisper-large-v3' ? '2023-11-07' : '2024-10-01'),
    supportedParameters: TIMED,
    inputModalities: ['audio'],
    contextLength: WHISPER_CONTEXT,
  })),
];

type Rows = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Models and endpoints of jobs, with the prices and contexts of LiteLLM's catalogue.
 * @throws Error for a model without price or context: it must not be served
 */
export function jobData(rows: Rows): { models: object[]; endpoints: object[] } {
  const built = JOB_MODELS.map((model) => ({ model, ...factsIn(rows[model.row] ?? {}, model) }));
  const shared = ({ model: { inputModalities = ['text'], job, alsoWrites }, ...facts }: (typeof built)[number]) => ({
    contextLength: facts.contextLength,
    maxCompletionTokens: facts.maxCompletionTokens,
    inputModalities,
    outputModalities: alsoWrites ? [job, 'text'] : [job],
  });
  return {
    models: built.flatMap((one) => {
      const { id, name, created, alsoWrites } = one.model;
      if (alsoWrites) return [];
      return { id, canonicalSlug: id, name, author: id.slice(0, id.indexOf('/')), created, ...shared(one) };
    }),
    endpoints: built.map((one) => {
      const { id: model, provider, upstreamModel, supportedParameters = [] } = one.model;
      const { pricing } = one;
      return { model, provider, tag: provider, upstreamModel, ...shared(one), supportedParameters, pricing };
    }),
  };
}

/** LiteLLM's names of prices, and OpenRouter's or ours. Seconds are those that go in: of Whisper the list names the same ones twice. */
const UNITS: Readonly<Record<string, string>> = {
  input_cost_per_query: 'request',
  input_cost_per_audio_token: 'audio',
  output_cost_per_audio_token: 'audio_output',
  input_cost_per_image_token: 'image_token',
  output_cost_per_image_token: 'image_output',
  input_cost_per_character: 'input_character',
  input_cost_per_second: 'input_second',
};

function factsIn(row: Readonly<Record<string, unknown>>, { row: name, ...own }: JobModel) {
  const contextLength = own.contextLength ?? row['max_input_tokens'];
  const most = own.maxCompletionTokens ?? row['max_output_tokens'];
  const units = Object.entries(UNITS).flatMap(([theirs, ours]) => {
    const usd = row[theirs];
    return typeof usd === 'number' ? [[ours, plain(usd)] as const] : [];
  });
  const { input_cost_per_token: input, output_cost_per_token: output } = row;
  const isPriced = (typeof input === 'number' && input > 0) || units.length > 0;
  if (typeof contextLength !== 'number' || !isPriced) throw new Error(`${name}: no price or no context`);
  const hasOutput = own.job !== 'embeddings' && own.job !== 'rerank';
  const completion = units.find(([unit]) => unit === 'image_output' || unit === 'audio_output')?.[1] ?? '0';
  const pricing = {
    prompt: typeof input === 'number' ? plain(input) : '0',
    completion: hasOutput ? (typeof output === 'number' ? plain(output) : completion) : '0',
    ...Object.fromEntries(units),
    ...own.pricing,
  };
  return { contextLength, maxCompletionTokens: hasOutput && typeof most === 'number' ? most : null, pricing };
}
