import { plain } from './decimal.ts';

/** A model of a job as a provider calls it, and as the catalogue does. */
interface JobModel {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** Its row in LiteLLM's catalogue. */
  readonly row: string;
  readonly job: 'embeddings' | 'rerank';
  /** Unix seconds of its release. */
  readonly created: number;
  readonly supportedParameters?: readonly string[];
}

const DIMENSIONS = ['dimensions'] as const;
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
];

type Rows = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Models and endpoints of jobs, with the prices and contexts of LiteLLM's catalogue.
 * @throws Error for a model without price or context: it must not be served
 */
export function jobData(rows: Rows): { models: object[]; endpoints: object[] } {
  const built = JOB_MODELS.map((model) => ({ model, ...factsIn(rows[model.row] ?? {}, model.row) }));
  return {
    models: built.map(({ model: { id, name, job, created }, contextLength }) => ({
      id,
      canonicalSlug: id,
      name,
      author: id.slice(0, id.indexOf('/')),
      created,
      contextLength,
      maxCompletionTokens: null,
      inputModalities: ['text'],
      outputModalities: [job],
    })),
    endpoints: built.map(
      ({ model: { id, provider, upstreamModel, job, supportedParameters = [] }, contextLength, pricing }) => ({
        model: id,
        provider,
        tag: provider,
        upstreamModel,
        contextLength,
        maxCompletionTokens: null,
        inputModalities: ['text'],
        outputModalities: [job],
        supportedParameters,
        pricing,
      }),
    ),
  };
}

function factsIn(row: Readonly<Record<string, unknown>>, name: string) {
  const { max_input_tokens: contextLength, input_cost_per_token: token, input_cost_per_query: query } = row;
  if (typeof contextLength !== 'number' || typeof token !== 'number' || (token === 0 && typeof query !== 'number'))
    throw new Error(`${name}: no price or no context`);
  const pricing = {
    prompt: plain(token),
    completion: '0',
    ...(typeof query === 'number' && { request: plain(query) }),
  };
  return { contextLength, pricing };
}
